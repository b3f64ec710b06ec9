import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readHeader } from '../dicom/index.ts';
import type { Db } from '../store/index.ts';
import type { StepInput } from './steps/step.ts';

interface BatchFile {
  sop_instance_uid: string;
  version: number;
  path: string;
}

/** The stored files of a batch, below DATA. */
export function batchFiles(db: Db, batchId: number): BatchFile[] {
  return db
    .prepare<[number], BatchFile>(
      `SELECT i.sop_instance_uid, i.version, i.path FROM batch_instances b JOIN instances i ON i.id = b.instance_id
       WHERE b.batch_id = ? ORDER BY i.id`,
    )
    .all(batchId);
}

/**
 * Input of the first step: one file an instance, named by its SOP Instance UID, in one folder for each keyword of
 * `tarSubdir`. As in DicomFlow the keyword itself stands in where the instance lacks the element.
 */
export async function inputOfBatch(
  db: Db,
  dataDirectory: string,
  batchId: number,
  tarSubdir: readonly string[],
): Promise<StepInput[]> {
  const inputs: StepInput[] = [];
  const seen = new Set<string>();
  for (const row of batchFiles(db, batchId)) {
    const file = join(dataDirectory, row.path);
    const folders = tarSubdir.length > 0 ? await subfolders(file, tarSubdir) : [];
    const base = [...folders, row.sop_instance_uid].join('/');
    // Two versions of one instance in one batch: both reach the container, under different names.
    const name = seen.has(base) ? `${base}.version-${row.version}.dcm` : `${base}.dcm`;
    seen.add(base);
    inputs.push({ name, file, bytes: (await stat(file)).size });
  }
  return inputs;
}

async function subfolders(file: string, keywords: readonly string[]): Promise<string[]> {
  const header = await readHeader(file);
  return keywords.map(keyword => {
    const value = header.values(keyword)?.join('\\') ?? '';
    const safe = value
      .replace(/[^\p{L}\p{N}._ -]/gu, '_')
      .replace(/^\.+$/, '_')
      .trim();
    return safe === '' ? keyword : safe.slice(0, 128);
  });
}

/** Every regular file below a folder, named by its path inside it, in name order. */
export async function inputOfFolder(directory: string): Promise<StepInput[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const inputs: StepInput[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const name = file.slice(directory.length + 1).replaceAll('\\', '/');
    inputs.push({ name, file, bytes: (await stat(file)).size });
  }
  return inputs.sort((a, b) => (a.name < b.name ? -1 : 1));
}
