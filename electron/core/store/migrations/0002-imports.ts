/** Imports, and the files of each that were not simply imported; `evaluate = 0`: no flow looks at what it brings. */
export const imports = /* sql */ `
CREATE TABLE imports (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  label TEXT NOT NULL, source TEXT NOT NULL CHECK (source IN ('paths','upload')),
  state TEXT NOT NULL DEFAULT 'running' CHECK (state IN ('running','finished','cancelled','failed','interrupted')),
  evaluate INTEGER NOT NULL,
  started_at INTEGER NOT NULL, ended_at INTEGER,
  found_files INTEGER NOT NULL DEFAULT 0, found_bytes INTEGER NOT NULL DEFAULT 0, counted INTEGER NOT NULL DEFAULT 0,
  done_files INTEGER NOT NULL DEFAULT 0, done_bytes INTEGER NOT NULL DEFAULT 0,
  imported INTEGER NOT NULL DEFAULT 0, duplicates INTEGER NOT NULL DEFAULT 0, conflicts INTEGER NOT NULL DEFAULT 0,
  not_dicom INTEGER NOT NULL DEFAULT 0, unreadable INTEGER NOT NULL DEFAULT 0,
  problem TEXT                      -- JSON
);
CREATE INDEX imports_running ON imports (id) WHERE state = 'running';
CREATE TABLE import_files (
  id INTEGER PRIMARY KEY,
  import_id INTEGER NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
  file TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL
);
CREATE INDEX import_files_by_import ON import_files (import_id, outcome, id);

ALTER TABLE associations ADD COLUMN import_id INTEGER;
ALTER TABLE associations ADD COLUMN evaluate INTEGER NOT NULL DEFAULT 1;
CREATE INDEX associations_by_import ON associations (import_id) WHERE import_id IS NOT NULL;
`;
