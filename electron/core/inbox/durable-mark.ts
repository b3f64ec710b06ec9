import type { Db } from '../store/index.ts';
import { minuteName } from './layout.ts';

/**
 * Remembers up to which minute the index is on disk for certain: commits of SQLite in WAL mode with
 * `synchronous = NORMAL` survive a power cut only from the next checkpoint on. Files older than the mark need no look
 * at start, so that a start does not read the whole archive.
 */
export interface DurableMark {
  /** `YYYYMMDD/HHMM`: directories from this one on may hold files without a row. */
  since(): string;
  /** Sets the mark now and then. */
  start(): void;
  stop(): void;
}

const key = 'inbox.durable';
const everyMs = 10 * 60_000;
/** An object finds its directory at most this long before its row is committed. */
const slackMs = 10 * 60_000;

export function createDurableMark(db: Db): DurableMark {
  const read = db.prepare<[string], { value: string }>('SELECT value FROM facts WHERE key = ?');
  const write = db.prepare<[string, string]>('INSERT OR REPLACE INTO facts (key, value) VALUES (?, ?)');
  let timer: NodeJS.Timeout | undefined;

  function move() {
    const [result] = db.pragma('wal_checkpoint(PASSIVE)') as { busy: number; log: number; checkpointed: number }[];
    if (result && result.busy === 0 && result.log === result.checkpointed)
      write.run(key, minuteName(Date.now() - slackMs));
  }

  return {
    since: () => read.get(key)?.value ?? '',
    start() {
      move();
      timer = setInterval(move, everyMs);
      timer.unref();
    },
    stop: () => clearInterval(timer),
  };
}
