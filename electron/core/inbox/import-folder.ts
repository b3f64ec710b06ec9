import { open, readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { AppError } from '../../../shared/problems.ts';
import {
  attributesOf,
  type DicomFile,
  isDeflated,
  mediaStorageDirectory,
  type Receiving,
  type Reception,
  readDicomFile,
} from '../dicom/index.ts';
import type { LogHub } from '../logs/index.ts';

/** What became of the files of a folder; `file` is relative to it. */
export interface ImportReport {
  imported: number;
  duplicates: number;
  conflicts: number;
  notDicom: { file: string; reason: string }[];
  /** DICOM that could not be read or stored. */
  unreadable: { file: string; reason: string }[];
}

interface Order {
  path: string;
  signal: AbortSignal | undefined;
  associated: Reception['associated'];
  aeTitle: string;
  log: LogHub;
}

const chunkBytes = 256 * 1024;
/** Files on their way at once: their fsyncs share one group. */
const atOnce = 4;

/** Files go the way of received objects; one without preamble or file meta gets a meta. */
export async function importFolder({ path, signal, associated, aeTitle, log }: Order): Promise<ImportReport> {
  const report: ImportReport = { imported: 0, duplicates: 0, conflicts: 0, notDicom: [], unreadable: [] };
  const receiving = associated({ callingAe: aeTitle, calledAe: aeTitle, host: '', port: 0, tls: false });
  const files = filesOf(path);
  const worker = async () => {
    for (let next = await files.next(); !next.done; next = await files.next()) {
      signal?.throwIfAborted();
      await importFile(receiving, next.value, relative(path, next.value) || next.value, report);
    }
  };
  let outcome: 'imported' | 'aborted' = 'aborted';
  try {
    const results = await Promise.allSettled(Array.from({ length: atOnce }, worker));
    const failed = results.find(result => result.status === 'rejected');
    if (failed) throw failed.reason;
    outcome = 'imported';
  } finally {
    receiving.ended(outcome, outcome === 'imported' ? null : 'the import was broken off');
  }
  const { imported, duplicates, conflicts, notDicom, unreadable } = report;
  const left = notDicom.length + unreadable.length;
  log.info('inbox', `import: ${imported} stored, ${duplicates} duplicates, ${conflicts} conflicts, ${left} left out`);
  return report;
}

async function* filesOf(path: string): AsyncGenerator<string> {
  const info = await stat(path).catch(error => {
    throw new AppError('STORAGE_FAILED', { path, reason: (error as Error).message }, { cause: error });
  });
  if (!info.isDirectory()) return yield path;
  const waiting = [path];
  for (let folder = waiting.pop(); folder; folder = waiting.pop()) {
    const entries = await readdir(folder, { withFileTypes: true });
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      if (entry.isDirectory()) waiting.push(join(folder, entry.name));
      else if (entry.isFile()) yield join(folder, entry.name);
    }
  }
}

async function importFile(receiving: Receiving, file: string, name: string, report: ImportReport): Promise<void> {
  try {
    const found = await readDicomFile(file);
    const reason = reasonAgainst(found);
    if (reason) return void report.notDicom.push({ file: name, reason });
    const answer = await send(receiving, file, found);
    if (answer.outcome === 'stored') report.imported++;
    else if (answer.outcome !== 'refused') report[`${answer.outcome}s`]++;
    else report.unreadable.push({ file: name, reason: answer.comment ?? 'it was refused' });
  } catch (error) {
    if (error instanceof AppError && error.code === 'NOT_DICOM') {
      report.notDicom.push({ file: name, reason: (error.params as { reason: string }).reason });
    } else report.unreadable.push({ file: name, reason: (error as Error).message });
  }
}

/** Why a file that can be read is no instance to keep. */
function reasonAgainst(file: DicomFile): string | undefined {
  if (file.mediaStorageSopClassUid === mediaStorageDirectory) return 'it is a DICOMDIR, the directory of a file-set';
  const attributes = attributesOf(file);
  const missing = Object.entries({
    SOPClassUID: attributes.sopClassUid,
    SOPInstanceUID: attributes.sopInstanceUid,
  }).find(([, value]) => value === '');
  if (file.problem) return file.problem;
  if (missing) return `it has no ${missing[0]}`;
  const { stoppedAt } = file;
  const end = file.dataSetOffset + (stoppedAt?.valueOffset ?? 0) + (stoppedAt?.length ?? 0);
  if (end > file.size && !isDeflated(file.transferSyntaxUid)) {
    return 'it ends inside its pixel data';
  }
  if (!file.declared && stoppedAt && stoppedAt.length === undefined) {
    return 'its pixel data is compressed, and its file meta does not say how';
  }
  return undefined;
}

async function send(receiving: Receiving, path: string, found: DicomFile) {
  const { sopClassUid, sopInstanceUid } = attributesOf(found);
  let wake = () => {};
  const object = receiving.begin({ sopClassUid, sopInstanceUid, transferSyntaxUid: found.transferSyntaxUid }, () =>
    wake(),
  );
  const handle = await open(path, 'r');
  try {
    for (let at = found.dataSetOffset; ; ) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, at);
      if (bytesRead === 0) return await object.finish();
      at += bytesRead;
      const room = new Promise<void>(resolve => (wake = resolve));
      if (!object.write(buffer.subarray(0, bytesRead))) await room;
    }
  } catch (error) {
    object.discard();
    throw error;
  } finally {
    await handle.close();
  }
}
