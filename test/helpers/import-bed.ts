import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { createImports, type Imports } from '../../electron/core/inbox/index.ts';
import { catalogue, type SettingKey } from '../../electron/core/settings/index.ts';
import type { Import, ImportedFile, ImportOutcome } from '../../shared/schemas/imports.ts';
import { eventually } from './dcmtk.ts';
import { type Receiver, startReceiver } from './receiver.ts';

/** Imports into a real inbox, and a folder to import from. */
export interface ImportBed {
  folder: string;
  receiver: Receiver;
  imports: Imports;
  /** Imports paths and waits for the end. */
  imported(...paths: string[]): Promise<Import>;
  report(id: number, outcome?: ImportOutcome): Omit<ImportedFile, 'id'>[];
  close(): Promise<void>;
}

export function importsOf({ db, directory, log, inbox, settings }: Receiver, idleMs?: number): Imports {
  const get = (key: SettingKey) => settings[key] ?? catalogue[key].default;
  const { associated, freeSpace } = inbox;
  return createImports({
    db,
    dataDirectory: directory,
    settings: { get: get as never },
    log,
    associated,
    freeSpace,
    ...(idleMs === undefined ? {} : { idleMs }),
  });
}

export async function openImportBed({ idleMs }: { idleMs?: number } = {}): Promise<ImportBed> {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-import-'));
  const receiver = await startReceiver();
  const imports = importsOf(receiver, idleMs);
  return {
    folder,
    receiver,
    imports,
    async imported(...paths) {
      const { id } = await imports.start({ paths, evaluate: false });
      await eventually(() => imports.get(id).state !== 'running', 'the end of the import', 60_000);
      return imports.get(id);
    },
    report: (id, outcome) =>
      imports.report({ id, outcome, limit: 1000, offset: 0 }).items.map(({ id: _, ...item }) => item),
    async close() {
      await imports.stop();
      await receiver.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A ZIP archive of bytes by name. */
export async function writeZip(path: string, entries: Record<string, Buffer>, compress = true): Promise<void> {
  const zip = new ZipFile();
  for (const [name, bytes] of Object.entries(entries)) zip.addBuffer(bytes, name, { compress });
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(path));
}
