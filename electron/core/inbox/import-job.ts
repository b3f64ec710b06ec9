import { randomUUID } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { AppError } from '../../../shared/problems.ts';
import type { Import } from '../../../shared/schemas/imports.ts';
import type { AssociationOutcome, Receiving } from '../dicom/index.ts';
import type { FreeSpace } from './free-space.ts';
import { type FileResult, importFile } from './import-file.ts';
import { createRate } from './import-rate.ts';
import type { ImportRows, Report, StoredImport } from './import-rows.ts';
import type { Source } from './import-sources.ts';
import { spool } from './import-spool.ts';

/** One import while it runs: what it found, what became of it, and how quick it is. */
export interface Job {
  readonly row: StoredImport;
  /** Aborts when the import ends before all is looked at. */
  readonly signal: AbortSignal;
  stop(reason: Error): void;
  /** Imports what the sources bring, several at once. @throws DISK_LOW, `signal.reason` */
  takeAll(sources: AsyncGenerator<Source>): Promise<void>;
  /** Writes a stream beside the arriving objects, hands the file to `use`, and removes it. */
  withSpooled<T>(stream: Readable, drain: boolean, use: (file: string) => Promise<T>): Promise<T>;
  take(path: string, name: string, bytes: number): Promise<void>;
  count(name: string, bytes: number, result: FileResult): void;
  snapshot(): Import;
  /** Writes counters and reports, and looks at the rates. */
  save(): void;
  end(state: Exclude<StoredImport['state'], 'running'>, outcome: AssociationOutcome, reason: string | null): void;
}

interface Needs {
  row: StoredImport;
  rows: ImportRows;
  receiving: Receiving;
  dataDirectory: string;
  freeSpace(): FreeSpace;
}

/** Files on their way at once: their fsyncs share one group. */
const atOnce = 16;
const counters = {
  imported: 'imported',
  duplicate: 'duplicates',
  conflict: 'conflicts',
  'not-dicom': 'notDicom',
  unreadable: 'unreadable',
} as const;

export function createJob({ row, rows, receiving, dataDirectory, freeSpace }: Needs): Job {
  const controller = new AbortController();
  const { signal } = controller;
  const [files, bytes] = [createRate(row.startedAt), createRate(row.startedAt)];
  let reports: Report[] = [];
  /** Bytes of files that are being written to the side: a single large one has a progress too. */
  let moving = 0;
  const doneBytes = () => Math.min(row.doneBytes + moving, Math.max(row.doneBytes, row.foundBytes));

  function room() {
    const { freeBytes, limitBytes } = freeSpace();
    if (freeBytes < limitBytes) throw new AppError('DISK_LOW', { path: dataDirectory, freeBytes, limitBytes });
  }

  function count(name: string, size: number, { outcome, reason }: FileResult) {
    row[counters[outcome]]++;
    row.doneFiles++;
    row.doneBytes += size;
    row.foundFiles = Math.max(row.foundFiles, row.doneFiles);
    row.foundBytes = Math.max(row.foundBytes, row.doneBytes);
    if (outcome !== 'imported') reports.push({ file: name, outcome, reason });
  }

  async function take(path: string, name: string, size: number) {
    signal.throwIfAborted();
    room();
    count(name, size, await importFile(receiving, path));
  }

  async function withSpooled<T>(stream: Readable, drain: boolean, use: (file: string) => Promise<T>): Promise<T> {
    // A part that is left behind by a crash is removed at the next start, like that of a broken association.
    const file = join(dataDirectory, 'incoming', `${randomUUID()}.part`);
    let mine = 0;
    const moved = (count: number) => {
      mine += count;
      moving += count;
    };
    try {
      await spool({ stream, file, signal, room, moved, drain }).finally(() => (moving -= mine));
      return await use(file);
    } finally {
      await unlink(file).catch(() => {});
    }
  }

  async function takeEntry(source: Source & { kind: 'entry' }) {
    const { name, bytes: size } = source;
    try {
      await withSpooled(await source.open(), false, file => take(file, name, size));
    } catch (error) {
      if (signal.aborted || error instanceof AppError) throw error;
      count(name, size, { outcome: 'unreadable', reason: (error as Error).message });
    } finally {
      source.release();
    }
  }

  async function takeOne(source: Source) {
    const { name, bytes: size } = source;
    if (source.kind === 'entry') return takeEntry(source);
    if (source.kind === 'file') return take(source.path, name, size);
    count(name, size, { outcome: 'unreadable', reason: source.reason });
  }

  return {
    row,
    signal,
    count,
    take,
    withSpooled,
    stop: reason => controller.abort(reason),
    async takeAll(sources) {
      let failed = false;
      const worker = async () => {
        try {
          for (let next = await sources.next(); !next.done; next = await sources.next()) {
            if (!failed) await takeOne(next.value);
            else if (next.value.kind === 'entry') next.value.release();
            if (failed) return;
          }
        } catch (error) {
          failed = true;
          throw error;
        }
      };
      const ended = await Promise.allSettled(Array.from({ length: atOnce }, worker));
      await sources.return(undefined);
      const broken = ended.find(result => result.status === 'rejected');
      if (broken) throw broken.reason;
    },
    snapshot() {
      const running = row.state === 'running';
      const [filesPerSecond, bytesPerSecond] = running ? [files.perSecond(), bytes.perSecond()] : [0, 0];
      const left = Math.max(
        (row.foundFiles - row.doneFiles) / filesPerSecond,
        (row.foundBytes - doneBytes()) / bytesPerSecond,
      );
      const secondsLeft = row.counted && Number.isFinite(left) ? left : null;
      return { ...row, doneBytes: doneBytes(), filesPerSecond, bytesPerSecond, secondsLeft };
    },
    save() {
      const now = Date.now();
      files.look(now, row.doneFiles);
      bytes.look(now, doneBytes());
      rows.save(row, reports);
      reports = [];
    },
    end(state, outcome, reason) {
      receiving.ended(outcome, reason);
      Object.assign(row, { state, endedAt: Date.now() });
      rows.save(row, reports);
      reports = [];
    },
  };
}
