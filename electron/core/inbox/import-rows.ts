import type { Problem } from '../../../shared/problems.ts';
import type { Import, ImportedFile, ImportOutcome, ImportState } from '../../../shared/schemas/imports.ts';
import { type Db, transaction } from '../store/index.ts';

/** What is stored of an import; rates are only known while it runs. */
export type StoredImport = Omit<Import, 'filesPerSecond' | 'bytesPerSecond' | 'secondsLeft'>;
export type Report = { file: string; outcome: ImportOutcome; reason: string };

export interface ImportRows {
  add(made: { label: string; source: Import['source']; evaluate: boolean }): StoredImport;
  /** Counters as they are, with what was reported since the last time. */
  save(job: StoredImport, reports: Report[]): void;
  get(id: number): StoredImport | undefined;
  page(limit: number, offset: number): { items: StoredImport[]; total: number };
  files(query: { id: number; outcome?: ImportOutcome | undefined; limit: number; offset: number }): {
    items: ImportedFile[];
    total: number;
  };
  /** Ends what a process that is gone left running; what it stored is told by its associations. @returns how many */
  interrupt(): number;
}

interface Row {
  id: number;
  label: string;
  source: Import['source'];
  state: ImportState;
  evaluate: number;
  started_at: number;
  ended_at: number | null;
  found_files: number;
  found_bytes: number;
  counted: number;
  done_files: number;
  done_bytes: number;
  imported: number;
  duplicates: number;
  conflicts: number;
  not_dicom: number;
  unreadable: number;
  problem: string | null;
}

export function createImportRows({ db }: { db: Db }): ImportRows {
  const insert = db.prepare<[string, string, number, number], Row>(
    'INSERT INTO imports (label, source, evaluate, started_at) VALUES (?, ?, ?, ?) RETURNING *',
  );
  const update = db.prepare(`
    UPDATE imports SET state = @state, ended_at = @endedAt, found_files = @foundFiles, found_bytes = @foundBytes,
      counted = @counted, done_files = @doneFiles, done_bytes = @doneBytes, imported = @imported, duplicates = @duplicates,
      conflicts = @conflicts, not_dicom = @notDicom, unreadable = @unreadable, problem = @problem WHERE id = @id`);
  const report = db.prepare<[number, string, string, string]>(
    'INSERT INTO import_files (import_id, file, outcome, reason) VALUES (?, ?, ?, ?)',
  );
  const one = db.prepare<[number], Row>('SELECT * FROM imports WHERE id = ?');
  const newest = db.prepare<[number, number], Row>('SELECT * FROM imports ORDER BY id DESC LIMIT ? OFFSET ?');
  const total = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM imports');
  const wanted = 'FROM import_files WHERE import_id = @id AND (@outcome IS NULL OR outcome = @outcome)';
  const files = db.prepare<Record<string, unknown>, ImportedFile>(
    `SELECT id, file, outcome, reason ${wanted} ORDER BY id LIMIT @limit OFFSET @offset`,
  );
  const filesTotal = db.prepare<Record<string, unknown>, { n: number }>(`SELECT count(*) AS n ${wanted}`);
  const sum = (column: string) =>
    `max(${column === 'stored' ? 'imported' : column}, (SELECT coalesce(sum(${column}), 0) FROM associations a WHERE a.import_id = imports.id))`;
  const interrupt = db.prepare<[number]>(`
    UPDATE imports SET state = 'interrupted', ended_at = ?,
      imported = ${sum('stored')}, duplicates = ${sum('duplicates')}, conflicts = ${sum('conflicts')}
    WHERE state = 'running'`);
  const recount = db.prepare(`
    UPDATE imports SET done_files = max(done_files, imported + duplicates + conflicts + not_dicom + unreadable)
    WHERE state = 'interrupted'`);

  return {
    add: ({ label, source, evaluate }) => toImport(insert.get(label, source, evaluate ? 1 : 0, Date.now()) as Row),
    save(job, reports) {
      transaction(db, () => {
        update.run({ ...job, counted: job.counted ? 1 : 0, problem: job.problem && JSON.stringify(job.problem) });
        for (const { file, outcome, reason } of reports) report.run(job.id, file, outcome, reason);
      });
    },
    get(id) {
      const row = one.get(id);
      return row && toImport(row);
    },
    page: (limit, offset) => ({ items: newest.all(limit, offset).map(toImport), total: total.get()?.n ?? 0 }),
    files({
      id,
      outcome = null,
      limit,
      offset,
    }: {
      id: number;
      outcome?: ImportOutcome | null;
      limit: number;
      offset: number;
    }) {
      return { items: files.all({ id, outcome, limit, offset }), total: filesTotal.get({ id, outcome })?.n ?? 0 };
    },
    interrupt() {
      return transaction(db, () => {
        const { changes } = interrupt.run(Date.now());
        if (changes > 0) recount.run();
        return changes;
      });
    },
  };
}

const toImport = (row: Row): StoredImport => ({
  id: row.id,
  label: row.label,
  source: row.source,
  state: row.state,
  evaluate: row.evaluate === 1,
  startedAt: row.started_at,
  endedAt: row.ended_at,
  foundFiles: row.found_files,
  foundBytes: row.found_bytes,
  counted: row.counted === 1,
  doneFiles: row.done_files,
  doneBytes: row.done_bytes,
  imported: row.imported,
  duplicates: row.duplicates,
  conflicts: row.conflicts,
  notDicom: row.not_dicom,
  unreadable: row.unreadable,
  problem: row.problem === null ? null : (JSON.parse(row.problem) as Problem),
});
