/** The store's door: one SQLite file, opened once by compose.ts; tables/ holds the statements that several rooms share. */
export { lockFile } from './lock.ts';
export type { Db } from './open.ts';
export { folded, openStore, transaction } from './open.ts';
