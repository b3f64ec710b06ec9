import type { Problem } from '../../../shared/problems.ts';
import { problemSchema } from '../../../shared/schemas/common.ts';
import type { LogLine, Run, RunDetail, RunQuery, Step } from '../../../shared/schemas/runs.ts';
import type { Db } from '../store/index.ts';
import type { Deliveries } from './delivery/index.ts';
import { runDirectory } from './execute.ts';
import type { RunRow, Runs } from './runs.ts';
import { readStepLog, tailStepLog } from './step-log.ts';

/** Runs as scripts and screens see them. */
export interface RunsView {
  list(query: RunQuery): { items: Run[]; total: number };
  get(id: number): Run;
  detail(id: number): Promise<RunDetail>;
  log(query: {
    id: number;
    step?: number;
    limit: number;
    offset: number;
  }): Promise<{ items: LogLine[]; total: number }>;
  today(): { pending: number; running: number; sending: number; sentToday: number; failedToday: number };
}

type ListRow = RunRow & { host: string; calling_ae: string; instance_count: number; studies: string | null };

const detailLines = 500;
const parsed = (text: string | null): Problem | null => (text ? problemSchema.parse(JSON.parse(text)) : null);

export function createRunsView(needs: { db: Db; dataDirectory: string; runs: Runs; deliveries: Deliveries }): RunsView {
  const { db, dataDirectory, runs, deliveries } = needs;
  const columns = `r.*, b.host, b.calling_ae, b.instance_count,
    (SELECT json_group_array(study_instance_uid) FROM batch_studies s WHERE s.batch_id = r.batch_id) AS studies`;
  const one = db.prepare<[number], ListRow>(
    `SELECT ${columns} FROM runs r JOIN batches b ON b.id = r.batch_id WHERE r.id = ?`,
  );
  const stepsOf = db.prepare<[number], StepRow>('SELECT * FROM steps WHERE run_id = ? ORDER BY position');
  const othersOf = db.prepare<[number], { file: string; bytes: number; reason: string }>(
    'SELECT file, bytes, reason FROM other_files WHERE run_id = ? ORDER BY file',
  );

  const toRuns = (rows: ListRow[]): Run[] => {
    const counts = deliveries.counts(rows.map(row => row.id));
    return rows.map(row => ({
      id: row.id,
      uid: row.uid,
      flow: row.flow_name || row.flow_file,
      flowFile: row.flow_file,
      flowVersion: row.flow_version,
      code: row.code,
      state: row.state,
      priority: row.priority,
      attempt: row.attempt,
      batchId: row.batch_id,
      studyInstanceUids: JSON.parse(row.studies ?? '[]') as string[],
      sender: row.host ? `${row.calling_ae}@${row.host}` : row.calling_ae,
      instanceCount: row.instance_count,
      createdAt: row.created_at,
      startedAt: row.started_at,
      finishedAt: row.finished_at,
      sentAt: row.sent_at,
      waiting: row.state === 'sending' ? deliveries.waiting(row.id) : parsed(row.waiting),
      problem: parsed(row.problem),
      deliveries: counts.get(row.id) ?? { total: 0, confirmed: 0, failed: 0 },
    }));
  };
  const get = (id: number): Run => {
    const row = one.get(runs.get(id).id) as ListRow;
    return toRuns([row])[0] as Run;
  };

  return {
    get,
    list(query) {
      const where: string[] = [];
      const values: (string | number)[] = [];
      const add = (condition: string, ...parameters: (string | number)[]) => {
        where.push(condition);
        values.push(...parameters);
      };
      if (query.code !== undefined) add('r.code = ?', query.code);
      if (query.state) add('r.state = ?', query.state);
      if (query.flow) add('(r.flow_name = ? OR r.flow_file = ?)', query.flow, query.flow);
      if (query.studyInstanceUid) {
        add('r.batch_id IN (SELECT batch_id FROM batch_studies WHERE study_instance_uid = ?)', query.studyInstanceUid);
      }
      const filter = where.length > 0 ? `WHERE ${where.join(' AND ')}` : '';
      const rows = db
        .prepare<(string | number)[], ListRow>(
          `SELECT ${columns} FROM runs r JOIN batches b ON b.id = r.batch_id ${filter} ORDER BY r.id DESC LIMIT ? OFFSET ?`,
        )
        .all(...values, query.limit, query.offset);
      const total =
        db.prepare<(string | number)[], { n: number }>(`SELECT count(*) AS n FROM runs r ${filter}`).get(...values)
          ?.n ?? 0;
      return { items: toRuns(rows), total };
    },
    async detail(id) {
      const run = get(id);
      const directory = runDirectory(dataDirectory, id);
      return {
        ...run,
        steps: stepsOf.all(id).map(toStep),
        log: await tailStepLog(directory, detailLines),
        deliveryItems: deliveries.ofRun(id),
        otherFiles: othersOf.all(id),
        flowText: runs.get(id).flow_text,
      };
    },
    log: ({ id, ...query }) => readStepLog(runDirectory(dataDirectory, runs.get(id).id), query),
    today() {
      const midnight = new Date().setHours(0, 0, 0, 0);
      const rows = db
        .prepare<[], { state: string; n: number }>('SELECT state, count(*) AS n FROM runs GROUP BY state')
        .all();
      const now = new Map(rows.map(row => [row.state, row.n]));
      const sentToday =
        db
          .prepare<[number], { n: number }>("SELECT count(*) AS n FROM runs WHERE state = 'sent' AND sent_at >= ?")
          .get(midnight)?.n ?? 0;
      const failedToday =
        db
          .prepare<[number], { n: number }>(
            "SELECT count(*) AS n FROM runs WHERE state = 'failed' AND finished_at >= ?",
          )
          .get(midnight)?.n ?? 0;
      return {
        pending: now.get('pending') ?? 0,
        running: (now.get('running') ?? 0) + (now.get('finished') ?? 0),
        sending: now.get('sending') ?? 0,
        sentToday,
        failedToday,
      };
    },
  };
}

interface StepRow {
  position: number;
  name: string;
  kind: string;
  image: string;
  state: Step['state'];
  container_id: string | null;
  gpu: string | null;
  exit_code: number | null;
  problem: string | null;
  started_at: number | null;
  finished_at: number | null;
}

const toStep = (row: StepRow): Step => ({
  position: row.position,
  name: row.name,
  kind: row.kind,
  image: row.image,
  state: row.state,
  containerId: row.container_id,
  gpu: row.gpu,
  exitCode: row.exit_code,
  problem: parsed(row.problem),
  startedAt: row.started_at,
  finishedAt: row.finished_at,
});
