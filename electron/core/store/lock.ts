import Database from 'better-sqlite3';

/**
 * An exclusive lock that ends with the process: SQLite's own lock on an otherwise empty file.
 *
 * @returns the function that lets go, or null when another process holds it
 */
export function lockFile(file: string): (() => void) | null {
  const db = new Database(file, { timeout: 0 });
  try {
    db.pragma('journal_mode = DELETE');
    db.exec('BEGIN EXCLUSIVE');
    return () => void db.close();
  } catch (error) {
    db.close();
    if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) return null;
    throw error;
  }
}
