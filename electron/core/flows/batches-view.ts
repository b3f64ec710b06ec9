import { AppError } from '../../../shared/problems.ts';
import type { Batch, Verdict } from '../../../shared/schemas/batches.ts';
import type { Db } from '../store/index.ts';

interface BatchRow {
  id: number;
  collect: Batch['collect'];
  key: string;
  state: Batch['state'];
  complete: number;
  reason: string | null;
  calling_ae: string;
  called_ae: string;
  host: string;
  instance_count: number;
  bytes: number;
  opened_at: number;
  closed_at: number | null;
  studies: string;
  run_ids: string;
}

interface VerdictRow {
  flow_file: string;
  flow_name: string;
  flow_version: string;
  matched: number;
  reasons: string;
  at: number;
}

/** Batches with what every flow thought of them. */
export interface BatchesView {
  list(query: { state?: Batch['state']; limit: number; offset: number }): { items: Batch[]; total: number };
  /** @throws BATCH_NOT_FOUND */
  detail(id: number): Batch & { verdicts: Verdict[] };
}

export function createBatchesView({ db }: { db: Db }): BatchesView {
  const columns = `b.*,
    (SELECT json_group_array(study_instance_uid) FROM batch_studies s WHERE s.batch_id = b.id) AS studies,
    (SELECT json_group_array(id) FROM runs r WHERE r.batch_id = b.id) AS run_ids`;
  const one = db.prepare<[number], BatchRow>(`SELECT ${columns} FROM batches b WHERE id = ?`);
  const page = db.prepare<[string | null, string | null, number, number], BatchRow>(
    `SELECT ${columns} FROM batches b WHERE (? IS NULL OR state = ?) ORDER BY id DESC LIMIT ? OFFSET ?`,
  );
  const count = db.prepare<[string | null, string | null], { n: number }>(
    'SELECT count(*) AS n FROM batches WHERE (? IS NULL OR state = ?)',
  );
  const verdicts = db.prepare<[number], VerdictRow>('SELECT * FROM verdicts WHERE batch_id = ? ORDER BY flow_file');

  return {
    list({ state = null as Batch['state'] | null, limit, offset }) {
      return { items: page.all(state, state, limit, offset).map(toBatch), total: count.get(state, state)?.n ?? 0 };
    },
    detail(id) {
      const row = one.get(id);
      if (!row) throw new AppError('BATCH_NOT_FOUND', { id });
      return { ...toBatch(row), verdicts: verdicts.all(id).map(toVerdict) };
    },
  };
}

const toBatch = (row: BatchRow): Batch => ({
  id: row.id,
  collect: row.collect,
  key: row.key,
  state: row.state,
  complete: row.complete === 1,
  reason: row.reason,
  callingAe: row.calling_ae,
  calledAe: row.called_ae,
  host: row.host,
  instanceCount: row.instance_count,
  bytes: row.bytes,
  studyInstanceUids: JSON.parse(row.studies) as string[],
  openedAt: row.opened_at,
  closedAt: row.closed_at,
  runIds: JSON.parse(row.run_ids) as number[],
});

const toVerdict = (row: VerdictRow): Verdict => {
  const { text, triggers } = JSON.parse(row.reasons) as Pick<Verdict, 'text' | 'triggers'>;
  return {
    flowFile: row.flow_file,
    flowName: row.flow_name,
    flowVersion: row.flow_version,
    matched: row.matched === 1,
    triggers,
    text,
    at: row.at,
  };
};
