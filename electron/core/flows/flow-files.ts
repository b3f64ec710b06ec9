import { createHash, randomBytes } from 'node:crypto';
import { type FSWatcher, mkdirSync, watch } from 'node:fs';
import { mkdir, open, rename, rm, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../../../shared/problems.ts';
import type { Flow, FlowFile, FlowProblem, FlowSummary } from '../../../shared/schemas/flows.ts';
import { createAnnouncer } from '../lib/announcer.ts';
import type { LogHub } from '../logs/index.ts';
import { parseFlow } from './definition.ts';
import { flowFilePath } from './flow-file-name.ts';
import { createFlowFolder, type FoundFile } from './flow-folder.ts';
import { summaryOf } from './flow-summary.ts';

/** A flow file as it is on disk. `flow` is null when `problems` hold an error. */
export interface LoadedFlow {
  /** Name below the flows directory, with forward slashes. */
  file: string;
  text: string;
  /** Hash of the text. */
  etag: string;
  flow: Flow | null;
  problems: FlowProblem[];
}

/** The flow files of DATA/flows, each valid or refused on its own. */
export interface FlowFiles {
  /** In name order, as they are on disk now: a change is seen even when no watch told of it. */
  list(): LoadedFlow[];
  /** @throws FLOW_NOT_FOUND, FLOW_FILE_NAME_INVALID */
  get(file: string): LoadedFlow;
  /** list() as the contract has it. */
  summaries(): { items: FlowSummary[]; total: number };
  /** get() as the contract has it. @throws FLOW_NOT_FOUND, FLOW_FILE_NAME_INVALID */
  read(file: string): FlowFile;
  /**
   * Writes a file, whole or not at all; an invalid flow is kept and reported.
   *
   * @param etag of the text that was edited; without it whatever is there is replaced
   * @throws FLOW_CHANGED, FLOW_FILE_NAME_INVALID, STORAGE_FAILED
   */
  save(file: string, text: string, etag?: string): Promise<FlowFile>;
  /** @throws FLOW_NOT_FOUND, FLOW_FILE_NAME_INVALID, STORAGE_FAILED */
  remove(file: string): Promise<void>;
  /** Told the names of files that were changed, added or removed. @returns the function that ends the listening */
  onChange(listener: (files: string[]) => void): () => void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** For what the watch misses: network file systems, a replaced directory. */
const lookEveryMs = 2000;

export function createFlowFiles({ directory, log }: { directory: string; log: LogHub }): FlowFiles {
  const folder = createFlowFolder(directory);
  const changes = createAnnouncer<string[]>();
  let loaded = new Map<string, LoadedFlow & { found: FoundFile }>();
  let watcher: FSWatcher | null = null;
  let timer: NodeJS.Timeout | undefined;
  let saving: Promise<unknown> = Promise.resolve();

  function look(): void {
    const next: typeof loaded = new Map();
    const changed: string[] = [];
    for (const found of folder.look()) {
      const before = loaded.get(found.file);
      if (before?.found === found) next.set(found.file, before);
      else {
        const now = load(found);
        next.set(found.file, now);
        if (before?.etag === now.etag && before.found.problem?.what === found.problem?.what) continue;
        changed.push(found.file);
        tell(now);
      }
    }
    for (const file of loaded.keys()) {
      if (next.has(file)) continue;
      changed.push(file);
      log.info('flows', `${file} is gone`);
    }
    loaded = next;
    if (changed.length > 0) changes.tell(changed);
  }

  function load(found: FoundFile): LoadedFlow & { found: FoundFile } {
    const { file, text, problem } = found;
    const etag = etagOf(text);
    if (problem) return { file, text, etag, flow: null, problems: [problem], found };
    return { file, text, etag, ...parseFlow(text, file), found };
  }

  function tell({ file, flow, problems }: LoadedFlow): void {
    for (const { severity, line, column, path, what } of problems.slice(0, 10)) {
      // A pattern may look for a patient: it is shown with the flow, not logged.
      const words = path.startsWith('triggers') ? `see ${path}` : what;
      log[severity === 'error' ? 'error' : 'warn']('flows', `${file} line ${line}, column ${column}: ${words}`);
    }
    log.info('flows', flow ? `${file} is loaded${flow.enabled ? '' : ', not enabled'}` : `${file} is refused`);
  }

  const strip = ({ file, text, etag, flow, problems }: LoadedFlow): LoadedFlow => ({
    file,
    text,
    etag,
    flow,
    problems,
  });
  const list = () => {
    look();
    return [...loaded.values()].map(strip);
  };

  function get(file: string): LoadedFlow {
    flowFilePath(directory, file);
    look();
    const found = loaded.get(file);
    if (!found) throw new AppError('FLOW_NOT_FOUND', { file });
    return strip(found);
  }

  function read(file: string): FlowFile {
    const found = get(file);
    return { ...summaryOf(found), text: found.text, etag: found.etag };
  }

  async function write(file: string, text: string, etag: string | undefined): Promise<FlowFile> {
    const path = flowFilePath(directory, file);
    look();
    if (etag !== undefined && loaded.get(file)?.etag !== etag) throw new AppError('FLOW_CHANGED', { file });
    const folderPath = dirname(path);
    // Hidden, so that no look takes it for a flow.
    const temporary = join(folderPath, `.${basename(path)}.${randomBytes(6).toString('hex')}`);
    try {
      await mkdir(folderPath, { recursive: true });
      const handle = await open(temporary, 'wx', 0o644);
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, path);
      await syncFolder(folderPath);
    } catch (error) {
      await rm(temporary, { force: true });
      throw storageFailed(directory, error);
    }
    return read(file);
  }

  /** Two savers of one file must not both find the etag they expect. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = saving.then(work);
    saving = turn.catch(() => {});
    return turn;
  }

  return {
    list,
    get,
    read,
    summaries() {
      const items = list().map(summaryOf);
      return { items, total: items.length };
    },
    save: (file, text, etag) => inTurn(() => write(file, text, etag)),
    remove: file =>
      inTurn(async () => {
        get(file);
        await unlink(flowFilePath(directory, file)).catch(error => {
          throw storageFailed(directory, error);
        });
        look();
      }),
    onChange: changes.listen,
    async start() {
      try {
        mkdirSync(directory, { recursive: true });
        watcher = watch(directory, { recursive: true, persistent: false }, () => look());
        watcher.on('error', error => log.warn('flows', `the flows directory cannot be watched: ${error.message}`));
      } catch (error) {
        log.warn('flows', `the flows directory cannot be watched: ${error instanceof Error ? error.message : error}`);
      }
      timer = setInterval(look, lookEveryMs).unref();
      look();
    },
    async stop() {
      clearInterval(timer);
      watcher?.close();
      await saving;
    },
  };
}

export const etagOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

function storageFailed(path: string, cause: unknown): AppError {
  const reason = cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : String(cause);
  return new AppError('STORAGE_FAILED', { path, reason }, { cause });
}

/** So that the new name survives a power cut; not every system can sync a directory. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
