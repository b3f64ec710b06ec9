import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Db } from '../store/index.ts';

/**
 * What is taken out of the index, and is still to go from the disk: rows go first, together with a note of the path, then
 * the file or folder, then the note. A crash leaves neither a row without its file nor a file that recovery would take for
 * a lost instance.
 */
export interface Removals {
  /** Inside the transaction that takes the rows away. @param path below DATA */
  note(path: string): void;
  /** Removes what is noted, also by an earlier process. */
  finish(): Promise<void>;
}

export function createRemovals({ db, dataDirectory }: { db: Db; dataDirectory: string }): Removals {
  const note = db.prepare<[string]>('INSERT OR IGNORE INTO removals (path) VALUES (?)');
  const noted = db.prepare<[], { path: string }>('SELECT path FROM removals');
  const forget = db.prepare<[string]>('DELETE FROM removals WHERE path = ?');
  return {
    note: path => void note.run(path),
    async finish() {
      for (const { path } of noted.all()) {
        await rm(join(dataDirectory, path), { recursive: true, force: true });
        forget.run(path);
      }
    },
  };
}
