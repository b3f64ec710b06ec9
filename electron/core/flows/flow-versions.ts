import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../../shared/problems.ts';
import type { FlowVersion, FlowVersionText } from '../../../shared/schemas/flows.ts';
import type { LogHub } from '../logs/index.ts';
import type { Db } from '../store/index.ts';
import { parseFlow } from './definition.ts';
import { isFlowFileName } from './flow-file-name.ts';
import { etagOf, type FlowFiles } from './flow-files.ts';

/** Every text a flow file has had: saved here, or changed by another program while Gantry ran or before it started. */
export interface FlowVersions {
  /** Newest first. @throws FLOW_FILE_NAME_INVALID */
  list(file: string): { items: FlowVersion[]; total: number };
  /** @throws FLOW_VERSION_NOT_FOUND, FLOW_FILE_NAME_INVALID */
  get(file: string, id: string): FlowVersionText;
}

interface Needs {
  /** Of the flow files; what is kept lies in a hidden folder of it, where no look takes it for flows. */
  directory: string;
  files: Pick<FlowFiles, 'list' | 'onChange'>;
  db: Db;
  log: LogHub;
}

const namePattern = /^(\d{13,15})-([0-9a-f]{32})$/;
/** Of runs this many are looked at to tell which version they used. */
const mostRuns = 5000;

export function createFlowVersions({ directory, files, db, log }: Needs): FlowVersions {
  const runsOf = db.prepare<[string, number], { id: number; flow_text: string }>(
    'SELECT id, flow_text FROM runs WHERE flow_file = ? ORDER BY id DESC LIMIT ?',
  );

  const folderOf = (file: string) => {
    if (!isFlowFileName(file)) throw new AppError('FLOW_FILE_NAME_INVALID', { file });
    return join(directory, '.versions', ...file.split('/'));
  };
  /** Names of what is kept of a file, oldest first. */
  const namesOf = (file: string): string[] => {
    try {
      return readdirSync(folderOf(file))
        .filter(name => namePattern.test(name))
        .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  };

  function keep(file: string, text: string, etag: string): void {
    const newest = namesOf(file).at(-1);
    if (newest?.endsWith(etag)) return;
    const folder = folderOf(file);
    mkdirSync(folder, { recursive: true });
    // Two in one millisecond stay in order.
    const at = Math.max(Date.now(), newest ? Number.parseInt(newest, 10) + 1 : 0);
    const temporary = join(folder, '.new');
    writeFileSync(temporary, text);
    renameSync(temporary, join(folder, `${at}-${etag}`));
  }

  files.onChange(changed => {
    for (const { file, text, etag } of files.list()) {
      // A file that cannot be read has no text; that is no version of it.
      if (!changed.includes(file) || text === '') continue;
      try {
        keep(file, text, etag);
      } catch (error) {
        log.error('flows', `the version of ${file} is not kept: ${error instanceof Error ? error.message : error}`);
      }
    }
  });

  const read = (file: string, name: string) => readFileSync(join(folderOf(file), name), 'utf8');
  return {
    list(file) {
      const runs = new Map<string, number[]>();
      for (const { id, flow_text } of runsOf.all(file, mostRuns)) {
        const etag = etagOf(flow_text);
        runs.set(etag, [...(runs.get(etag) ?? []), id]);
      }
      const items = namesOf(file)
        .reverse()
        .map((name): FlowVersion => {
          const [, at, etag = ''] = namePattern.exec(name) ?? [];
          const { flow } = parseFlow(read(file, name), file);
          const used = runs.get(etag) ?? [];
          const facts = { name: flow?.name ?? '', version: flow?.version ?? '', valid: flow !== null };
          return { id: name, at: Number(at), etag, ...facts, runCount: used.length, runIds: used.slice(0, 20) };
        });
      return { items, total: items.length };
    },
    get(file, id) {
      if (!namesOf(file).includes(id)) throw new AppError('FLOW_VERSION_NOT_FOUND', { file, id });
      return { id, text: read(file, id) };
    },
  };
}
