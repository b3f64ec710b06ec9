import Database from 'better-sqlite3';
import { migrate } from './migrate.ts';

export type Db = Database.Database;

/**
 * Opens the store and brings its schema up to date.
 *
 * `synchronous = NORMAL` in WAL mode: a committed row survives the death of the process, and what a power cut can
 * take from the end of the log is rebuilt at start from the seals in the stored files (inbox/recover.ts).
 *
 * @throws STORE_NEWER_THAN_APP when a later version of Gantry wrote the file.
 */
export function openStore(file: string): Db {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.pragma('foreign_keys = ON');
  db.pragma('busy_timeout = 5000');
  db.pragma('cache_size = -65536');
  // SQLite's own lower() knows ASCII only; patient names do not.
  db.function('folded', { deterministic: true, directOnly: false }, (text: unknown) => folded(String(text)));
  try {
    migrate(db);
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

/** Runs `work` in one transaction, or inside the one that is open. */
export function transaction<T>(db: Db, work: () => T): T {
  if (db.inTransaction) return work();
  return db.transaction(work).immediate();
}

/** Text as a search compares it: whatever its case, and however its accents are written. */
export const folded = (text: string): string => text.normalize('NFC').toLowerCase();
