import { AppError } from '../../../shared/problems.ts';
import { firstTables } from './migrations/0001-first-tables.ts';
import { imports } from './migrations/0002-imports.ts';
import type { Db } from './open.ts';

/** In order; one is never edited after a release. The number of applied migrations is SQLite's `user_version`. */
const migrations: readonly string[] = [firstTables, imports];

export function migrate(db: Db): void {
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version > migrations.length) {
    throw new AppError('STORE_NEWER_THAN_APP', { found: version, known: migrations.length });
  }
  migrations.slice(version).forEach((sql, index) => {
    db.transaction(() => {
      db.exec(sql);
      db.pragma(`user_version = ${version + index + 1}`);
    })();
  });
}
