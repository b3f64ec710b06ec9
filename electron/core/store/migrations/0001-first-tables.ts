/** Times are milliseconds since the epoch; UIDs and DICOM text are stored decoded, without padding. */
export const firstTables = /* sql */ `
CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE associations (
  id INTEGER PRIMARY KEY,
  calling_ae TEXT NOT NULL, called_ae TEXT NOT NULL, host TEXT NOT NULL, port INTEGER NOT NULL, tls INTEGER NOT NULL,
  started_at INTEGER NOT NULL, ended_at INTEGER,
  outcome TEXT NOT NULL DEFAULT 'open' CHECK (outcome IN ('open','released','aborted','timed-out','lost','imported')),
  reason TEXT,
  stored INTEGER NOT NULL DEFAULT 0, duplicates INTEGER NOT NULL DEFAULT 0, conflicts INTEGER NOT NULL DEFAULT 0,
  refused INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX associations_open ON associations (id) WHERE outcome = 'open';

CREATE TABLE studies (
  id INTEGER PRIMARY KEY,
  study_instance_uid TEXT NOT NULL UNIQUE,
  patient_id TEXT NOT NULL, patient_name TEXT NOT NULL, patient_birth_date TEXT NOT NULL, patient_sex TEXT NOT NULL,
  study_date TEXT NOT NULL, study_time TEXT NOT NULL, study_description TEXT NOT NULL, accession_number TEXT NOT NULL,
  modalities TEXT NOT NULL DEFAULT '',
  search_text TEXT NOT NULL DEFAULT '', -- what a search looks at, folded, a line a field
  series_count INTEGER NOT NULL DEFAULT 0, instance_count INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
  received_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
);
CREATE TRIGGER studies_search_new AFTER INSERT ON studies BEGIN
  UPDATE studies SET search_text = folded(concat_ws(char(10), NEW.patient_name, NEW.patient_id, NEW.accession_number, NEW.study_description))
  WHERE id = NEW.id;
END;
CREATE TRIGGER studies_search_changed AFTER UPDATE OF patient_name, patient_id, accession_number, study_description ON studies BEGIN
  UPDATE studies SET search_text = folded(concat_ws(char(10), NEW.patient_name, NEW.patient_id, NEW.accession_number, NEW.study_description))
  WHERE id = NEW.id;
END;
CREATE INDEX studies_by_date ON studies (study_date, study_time);
CREATE INDEX studies_by_name ON studies (patient_name);
CREATE INDEX studies_by_patient ON studies (patient_id);
CREATE INDEX studies_by_accession ON studies (accession_number);
CREATE INDEX studies_by_update ON studies (updated_at);

CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  study_id INTEGER NOT NULL REFERENCES studies (id) ON DELETE CASCADE,
  series_instance_uid TEXT NOT NULL,
  modality TEXT NOT NULL, series_number TEXT NOT NULL, series_description TEXT NOT NULL, body_part_examined TEXT NOT NULL,
  instance_count INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
  received_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  UNIQUE (study_id, series_instance_uid)
);
CREATE INDEX series_by_uid ON series (series_instance_uid);

-- One row a stored version of an instance: other bytes under a known SOP Instance UID become the next version.
CREATE TABLE instances (
  id INTEGER PRIMARY KEY,
  series_id INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
  sop_instance_uid TEXT NOT NULL, version INTEGER NOT NULL DEFAULT 1,
  sop_class_uid TEXT NOT NULL, transfer_syntax_uid TEXT NOT NULL, instance_number TEXT NOT NULL,
  path TEXT NOT NULL,               -- below DATA, with forward slashes
  data_set_offset INTEGER NOT NULL, -- where the data set begins in the file
  bytes INTEGER NOT NULL,           -- of the data set
  sha256 BLOB NOT NULL,             -- of the data set
  association_id INTEGER NOT NULL REFERENCES associations (id), received_at INTEGER NOT NULL,
  UNIQUE (sop_instance_uid, version)
);
CREATE INDEX instances_by_series ON instances (series_id);
CREATE INDEX instances_by_path ON instances (path);

-- Files whose rows are gone and that are still to be unlinked: recovery must not index them again.
CREATE TABLE removals (path TEXT PRIMARY KEY) WITHOUT ROWID;

CREATE TABLE batches (
  id INTEGER PRIMARY KEY,
  collect TEXT NOT NULL CHECK (collect IN ('association','series','study')),
  key TEXT NOT NULL,                -- association id, SeriesInstanceUID or StudyInstanceUID
  quiet_ms INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open','closed','evaluated','removed')),
  complete INTEGER NOT NULL DEFAULT 1, reason TEXT,
  calling_ae TEXT NOT NULL, called_ae TEXT NOT NULL, host TEXT NOT NULL,
  instance_count INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
  opened_at INTEGER NOT NULL, last_at INTEGER NOT NULL, closed_at INTEGER, evaluated_at INTEGER
);
CREATE UNIQUE INDEX batches_open ON batches (collect, key, quiet_ms) WHERE state = 'open';
CREATE INDEX batches_by_state ON batches (state, last_at);
CREATE TABLE batch_instances (
  batch_id INTEGER NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
  instance_id INTEGER NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
  PRIMARY KEY (batch_id, instance_id)
) WITHOUT ROWID;
CREATE INDEX batch_instances_by_instance ON batch_instances (instance_id);
CREATE TABLE batch_studies (
  batch_id INTEGER NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
  study_instance_uid TEXT NOT NULL,
  instance_count INTEGER NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY (batch_id, study_instance_uid)
) WITHOUT ROWID;
CREATE INDEX batch_studies_by_study ON batch_studies (study_instance_uid);

CREATE TABLE verdicts (
  id INTEGER PRIMARY KEY,
  batch_id INTEGER NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
  flow_file TEXT NOT NULL, flow_name TEXT NOT NULL, flow_version TEXT NOT NULL,
  matched INTEGER NOT NULL, reasons TEXT NOT NULL, at INTEGER NOT NULL,
  UNIQUE (batch_id, flow_file)
);

-- code: DicomFlow's 0 pending, 1 running, 2 finished, 3 sending, 4 sent, 400 failed; state: shared/states/run-state.ts
CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  uid TEXT NOT NULL UNIQUE,
  batch_id INTEGER NOT NULL REFERENCES batches (id),
  flow_file TEXT NOT NULL, flow_name TEXT NOT NULL, flow_version TEXT NOT NULL, flow_text TEXT NOT NULL,
  priority INTEGER NOT NULL, state TEXT NOT NULL, code INTEGER NOT NULL,
  attempt INTEGER NOT NULL DEFAULT 1, first_step INTEGER NOT NULL DEFAULT 0,
  waiting TEXT, problem TEXT,       -- JSON problems
  created_at INTEGER NOT NULL, started_at INTEGER, finished_at INTEGER, sent_at INTEGER, files_removed_at INTEGER
);
CREATE INDEX runs_queue ON runs (priority DESC, created_at, id) WHERE state = 'pending';
CREATE INDEX runs_by_state ON runs (state, created_at);
CREATE INDEX runs_by_batch ON runs (batch_id);

CREATE TABLE steps (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  position INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, image TEXT NOT NULL,
  state TEXT NOT NULL, container_id TEXT, gpu TEXT, exit_code INTEGER, problem TEXT,
  started_at INTEGER, finished_at INTEGER,
  UNIQUE (run_id, position)
);

-- One row an instance (or a file, for folders) and a destination.
CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: a late answer must not confirm the row of a retry
  run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,        -- of the destination in the flow
  destination TEXT NOT NULL,        -- canonical text, e.g. dicom://STORESCP@host:104
  file TEXT NOT NULL,               -- below DATA
  sop_class_uid TEXT NOT NULL, sop_instance_uid TEXT NOT NULL, transfer_syntax_uid TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending','confirmed','failed')),
  status INTEGER, problem TEXT,
  attempts INTEGER NOT NULL DEFAULT 0, last_at INTEGER, next_at INTEGER, confirmed_at INTEGER,
  UNIQUE (run_id, position, file)
);
CREATE INDEX deliveries_due ON deliveries (destination, attempts, run_id, next_at) WHERE state = 'pending';
CREATE INDEX deliveries_by_run ON deliveries (run_id, state);

-- A destination whose associations keep failing is left alone until next_try_at.
CREATE TABLE breakers (
  destination TEXT PRIMARY KEY, failures INTEGER NOT NULL, opened_at INTEGER, next_try_at INTEGER, problem TEXT
) WITHOUT ROWID;

-- Files of a step's output that are not DICOM: listed and kept, not sent.
CREATE TABLE other_files (
  run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE, file TEXT NOT NULL, bytes INTEGER NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (run_id, file)
) WITHOUT ROWID;

CREATE TABLE peers (
  name TEXT PRIMARY KEY, ae_title TEXT NOT NULL, host TEXT NOT NULL, port INTEGER NOT NULL,
  tls TEXT,                         -- JSON, null without TLS
  comment TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;

CREATE TABLE journal (
  id INTEGER PRIMARY KEY,
  study_instance_uid TEXT NOT NULL, at INTEGER NOT NULL, event TEXT NOT NULL, data TEXT NOT NULL
);
CREATE INDEX journal_by_study ON journal (study_instance_uid, id);

-- DicomFlow's table for a Grafana SQLite panel: times in seconds.
CREATE VIEW rows AS
SELECT r.id AS id, r.created_at / 1000 AS ts, r.uid AS UID, r.flow_name AS Name, r.flow_version AS Version,
  r.priority AS Priority, b.host AS Sender,
  r.started_at / 1000 AS Dispatched, r.finished_at / 1000 AS Finished, r.sent_at / 1000 AS Sent, r.code AS Status,
  (SELECT group_concat(DISTINCT d.destination) FROM deliveries d WHERE d.run_id = r.id) AS Destinations
FROM runs r JOIN batches b ON b.id = r.batch_id;
`;
