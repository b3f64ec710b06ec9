/**
 * What is stored: search over the index, one study in full, its journal, and the rule by which files are removed.
 * The inbox writes the index rows; this room reads them, and retention and the deletion of a study alone delete them.
 */
export { createDeleteStudy, type DeletedStudy } from './delete-study.ts';
export { createExports, type Exports } from './export-studies.ts';
export { createJournal, type Journal } from './journal.ts';
export { createLogSources } from './log-sources.ts';
export { createRemovals, type Removals } from './removals.ts';
export { createRetention, type Retention } from './retention.ts';
export { createStudies, type Studies } from './studies.ts';
