import type { Readable } from 'node:stream';
import { AppError, problemOf } from '../../../shared/problems.ts';
import type { Import, ImportedFile, ImportOutcome } from '../../../shared/schemas/imports.ts';
import type { Reception } from '../dicom/index.ts';
import { createAnnouncer } from '../lib/announcer.ts';
import { Cancelled, Shutdown } from '../lib/shutdown.ts';
import type { LogHub } from '../logs/index.ts';
import type { Settings } from '../settings/index.ts';
import type { Db } from '../store/index.ts';
import type { FreeSpace } from './free-space.ts';
import { countAll, type Found, found, labelOf, nothing, type SentFound, sizeOfAll } from './import-found.ts';
import { createJob, type Job } from './import-job.ts';
import { createImportRows, type StoredImport } from './import-rows.ts';
import { archive, checkPaths, sourcesOf } from './import-sources.ts';
import { isZip } from './import-zip.ts';

/** Files that do not come over an association: from paths of this machine, or sent by a browser one by one. */
export interface Imports {
  /** @throws IMPORT_PATH_UNREADABLE; what happens later is told by the import */
  start(order: { paths: string[]; evaluate: boolean }): Promise<Import>;
  /** An import whose files a browser sends with `upload`, until `finish`. */
  open(order: { label: string; evaluate: boolean }): Import;
  /**
   * One file of it, or why the sender could not read it. What broke off is not counted: it is sent again.
   * @throws IMPORT_NOT_FOUND, IMPORT_ENDED, DISK_LOW, UPLOAD_BROKEN_OFF
   */
  upload(id: number, file: SentFile, stream: Readable): Promise<void>;
  /** @throws IMPORT_NOT_FOUND, IMPORT_ENDED */
  finish(order: { id: number } & SentFound): Promise<Import>;
  /** What was imported stays. @throws IMPORT_NOT_FOUND, IMPORT_ENDED */
  cancel(id: number): Promise<Import>;
  list(page: { limit: number; offset: number }): { items: Import[]; total: number };
  /** @throws IMPORT_NOT_FOUND */
  get(id: number): Import;
  /** @throws IMPORT_NOT_FOUND */
  report(query: { id: number; outcome?: ImportOutcome | undefined; limit: number; offset: number }): {
    items: ImportedFile[];
    total: number;
  };
  /** What runs, sent again while it runs and when it ends. */
  watch(signal: AbortSignal | undefined): AsyncGenerator<{ items: Import[] }>;
  /** After the inbox recovered: what the last process left running was interrupted. */
  recover(): void;
  stop(): Promise<void>;
}

interface SentFile extends SentFound {
  name: string;
  bytes: number;
  reason?: string | undefined;
}

interface Needs {
  db: Db;
  dataDirectory: string;
  settings: Pick<Settings, 'get'>;
  log: LogHub;
  associated: Reception['associated'];
  freeSpace(): FreeSpace;
  /** Silence after which a browser that sends files counts as gone. */
  idleMs?: number;
}

const tickMs = 500;

interface Running extends Job {
  /** Requests or the walk over the paths; the import ends behind the last one. */
  work: Set<Promise<unknown>>;
  seenAt: number;
  /** What archives that were sent hold beyond themselves. */
  unfolded: Found;
}

export function createImports(needs: Needs): Imports {
  const { db, dataDirectory, settings, log, associated, freeSpace, idleMs = 60_000 } = needs;
  const rows = createImportRows({ db });
  const running = new Map<number, Running>();
  const changes = createAnnouncer<{ items: Import[] }>();
  let timer: NodeJS.Timeout | undefined;

  function add(label: string, source: Import['source'], evaluate: boolean): Running {
    const row = rows.add({ label, source, evaluate });
    const ae = settings.get('AE_TITLE');
    const from = { id: row.id, evaluate };
    const receiving = associated({ callingAe: ae, calledAe: ae, host: '', port: 0, tls: false, import: from });
    const job = createJob({ row, rows, receiving, dataDirectory, freeSpace });
    const made = { ...job, work: new Set<Promise<unknown>>(), seenAt: Date.now(), unfolded: nothing() };
    running.set(row.id, made);
    timer ??= setInterval(tick, tickMs);
    return made;
  }

  function tick() {
    for (const job of running.values()) {
      attempt(job.save);
      const silent = job.work.size === 0 && Date.now() - job.seenAt > idleMs;
      if (job.row.source === 'upload' && silent) end(job, 'interrupted', 'the browser that sent the files went away');
    }
    if (running.size > 0) changes.tell({ items: [...running.values()].map(job => job.snapshot()) });
  }

  /** A full disk must not end the core: the next look writes again. */
  function attempt(save: () => void) {
    try {
      save();
    } catch (error) {
      log.error('import', `progress could not be written: ${(error as Error).message}`);
    }
  }

  function end(job: Running, state: Exclude<StoredImport['state'], 'running'>, reason: string | null) {
    if (!running.delete(job.row.id)) return;
    attempt(() => job.end(state, state === 'finished' ? 'imported' : 'aborted', reason));
    if (running.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
    const { id, imported, duplicates, conflicts, notDicom, unreadable } = job.row;
    log.info(
      'import',
      `import ${id} ${state}: ${imported} imported, ${duplicates} duplicates, ${conflicts} conflicts, ${notDicom + unreadable} left out`,
    );
    changes.tell({ items: [job.snapshot()] });
  }

  function endBroken(job: Running, error: unknown) {
    if (error instanceof Cancelled) return end(job, 'cancelled', 'the import was cancelled');
    if (error instanceof Shutdown) return end(job, 'interrupted', 'Gantry was stopped');
    if (!(error instanceof AppError)) log.error('import', `import ${job.row.id}: ${(error as Error).stack}`);
    job.row.problem = problemOf(error);
    end(job, 'failed', job.row.problem.title);
  }

  /** Ends an import from outside, behind everything that is at work on it. */
  async function breakOff(job: Running, error: Error) {
    job.stop(error);
    await Promise.allSettled(job.work);
    endBroken(job, error);
  }

  function track<T>(job: Running, work: Promise<T>): Promise<T> {
    job.work.add(work);
    const done = () => {
      job.work.delete(work);
      job.seenAt = Date.now();
    };
    work.then(done, done);
    return work;
  }

  async function walk(job: Running, paths: string[]) {
    const counted = countAll(job, sourcesOf(paths));
    try {
      await job.takeAll(sourcesOf(paths));
      await counted;
      end(job, 'finished', null);
    } catch (error) {
      job.stop(error as Error);
      await Promise.allSettled([counted]);
      endBroken(job, error);
    }
  }

  async function receive(job: Running, { name, bytes }: { name: string; bytes: number }, stream: Readable) {
    const broken = () => stream.destroy();
    job.signal.addEventListener('abort', broken, { once: true });
    try {
      await job.withSpooled(stream, true, async file => {
        if (!(await isZip(file))) return job.take(file, name, bytes);
        const { foundFiles, foundBytes } = await sizeOfAll(archive(file, name), job.signal);
        job.unfolded.foundFiles += foundFiles - 1;
        job.unfolded.foundBytes += foundBytes - bytes;
        job.row.foundFiles += foundFiles - 1;
        job.row.foundBytes += foundBytes - bytes;
        await job.takeAll(archive(file, name));
      });
    } catch (error) {
      if (job.signal.aborted) throw new AppError('IMPORT_ENDED', { id: job.row.id, state: 'cancelled' });
      if (error instanceof AppError) {
        setImmediate(() => void breakOff(job, error));
        throw error;
      }
      const reason = (error as Error).message;
      if (stream.errored) throw new AppError('UPLOAD_BROKEN_OFF', { file: name, reason }, { cause: error });
      job.count(name, bytes, { outcome: 'unreadable', reason });
    } finally {
      job.signal.removeEventListener('abort', broken);
    }
  }

  function jobOf(id: number): Running {
    const job = running.get(id);
    if (job) return job;
    throw new AppError('IMPORT_ENDED', { id, state: rowOf(id).state });
  }

  function rowOf(id: number): StoredImport {
    const row = rows.get(id);
    if (!row) throw new AppError('IMPORT_NOT_FOUND', { id });
    return row;
  }

  const now = (row: StoredImport): Import =>
    running.get(row.id)?.snapshot() ?? { ...row, filesPerSecond: 0, bytesPerSecond: 0, secondsLeft: null };

  return {
    async start({ paths, evaluate }) {
      await checkPaths(paths);
      const job = add(labelOf(paths), 'paths', evaluate);
      track(job, walk(job, paths));
      return job.snapshot();
    },
    open: ({ label, evaluate }) => add(label, 'upload', evaluate).snapshot(),
    async upload(id, file, stream) {
      const job = jobOf(id);
      found(job, file);
      job.seenAt = Date.now();
      if (file.reason === undefined) return track(job, receive(job, file, stream));
      stream.resume();
      job.count(file.name, file.bytes, { outcome: 'unreadable', reason: file.reason });
    },
    async finish({ id, ...order }) {
      const job = jobOf(id);
      await Promise.allSettled(job.work);
      found(job, order);
      job.row.counted = true;
      end(job, 'finished', null);
      return now(rowOf(id));
    },
    async cancel(id) {
      await breakOff(jobOf(id), new Cancelled());
      return now(rowOf(id));
    },
    list({ limit, offset }) {
      const { items, total } = rows.page(limit, offset);
      return { items: items.map(now), total };
    },
    get: id => now(rowOf(id)),
    report(query) {
      rowOf(query.id);
      const job = running.get(query.id);
      if (job) attempt(job.save);
      return rows.files(query);
    },
    async *watch(signal) {
      const stream = changes.stream(signal, 20);
      yield { items: [...running.values()].map(job => job.snapshot()) };
      yield* stream;
    },
    recover() {
      const left = rows.interrupt();
      if (left > 0) log.warn('import', `${left} imports were interrupted when Gantry ended; what they stored is kept`);
    },
    async stop() {
      await Promise.all([...running.values()].map(job => breakOff(job, new Shutdown())));
      clearInterval(timer);
    },
  };
}
