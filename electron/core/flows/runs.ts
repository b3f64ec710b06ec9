import { randomUUID } from 'node:crypto';
import { AppError, type Problem } from '../../../shared/problems.ts';
import type { Flow } from '../../../shared/schemas/flows.ts';
import { mayMove, type RunState, runCode } from '../../../shared/states/run-state.ts';
import { type Db, transaction } from '../store/index.ts';
import type { Journal } from '../studies/index.ts';

/** A run as its row holds it. */
export interface RunRow {
  id: number;
  uid: string;
  batch_id: number;
  flow_file: string;
  flow_name: string;
  flow_version: string;
  flow_text: string;
  priority: number;
  state: RunState;
  code: number;
  attempt: number;
  first_step: number;
  waiting: string | null;
  problem: string | null;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
  sent_at: number | null;
  files_removed_at: number | null;
}

/** The rows of runs and steps, and the only place that moves a run from one state to another. */
export interface Runs {
  /** Inside the transaction that stores the verdict. */
  create(order: { batchId: number; file: string; text: string; flow: Flow }): number;
  /** @throws RUN_NOT_FOUND */
  get(id: number): RunRow;
  /** Pending runs in the order they are to start. */
  pending(): RunRow[];
  withState(state: RunState): RunRow[];
  count(state: RunState): number;
  studies(run: RunRow): string[];
  move(id: number, to: RunState, problem?: Problem | null): RunRow;
  waits(id: number, problem: Problem | null): void;
  prioritise(id: number, priority: number): void;
  resumeFrom(id: number, firstStep: number): void;
  /** Back to pending from a step on, as a new attempt: rows of those steps and all deliveries are forgotten. */
  restart(id: number, firstStep: number): RunRow;
  beginStep(
    run: RunRow,
    step: { position: number; name: string; kind: string; image: string; gpu: string | null },
  ): void;
  stepContainer(runId: number, position: number, containerId: string): void;
  endStep(
    runId: number,
    position: number,
    end: { state: string; exitCode: number | null; problem: Problem | null },
  ): void;
}

interface Needs {
  db: Db;
  journal: Pick<Journal, 'write'>;
  /** Something about the run can be seen to have changed. */
  changed: (runId: number) => void;
}

export function createRuns({ db, journal, changed }: Needs): Runs {
  const insert = db.prepare(`
    INSERT INTO runs (uid, batch_id, flow_file, flow_name, flow_version, flow_text, priority, state, code, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, 'pending', 0, ?)`);
  const byId = db.prepare<[number], RunRow>('SELECT * FROM runs WHERE id = ?');
  const queue = db.prepare<[], RunRow>(
    "SELECT * FROM runs WHERE state = 'pending' ORDER BY priority DESC, created_at, id LIMIT 1000",
  );
  const byState = db.prepare<[string], RunRow>('SELECT * FROM runs WHERE state = ? ORDER BY id');
  const studiesOf = db.prepare<[number], { study_instance_uid: string }>(
    'SELECT study_instance_uid FROM batch_studies WHERE batch_id = ?',
  );
  const setState = db.prepare(`
    UPDATE runs SET state = @state, code = @code, problem = @problem, waiting = NULL,
      started_at = CASE WHEN @state = 'running' THEN coalesce(started_at, @now) ELSE started_at END,
      finished_at = CASE WHEN @state IN ('finished', 'failed', 'cancelled') THEN coalesce(finished_at, @now) ELSE finished_at END,
      sent_at = CASE WHEN @state = 'sent' THEN @now ELSE sent_at END
    WHERE id = @id`);
  const setWaiting = db.prepare<[string | null, number, string | null]>(
    'UPDATE runs SET waiting = ? WHERE id = ? AND waiting IS NOT ?',
  );
  const setPriority = db.prepare<[number, number]>('UPDATE runs SET priority = ? WHERE id = ?');
  const countOf = db.prepare<[string], { n: number }>('SELECT count(*) AS n FROM runs WHERE state = ?');
  const setFirst = db.prepare<[number, number]>('UPDATE runs SET first_step = ? WHERE id = ?');
  const reset = db.prepare<[number, number]>(`
    UPDATE runs SET state = 'pending', code = 0, attempt = attempt + 1, first_step = ?, waiting = NULL, problem = NULL,
      started_at = NULL, finished_at = NULL, sent_at = NULL WHERE id = ?`);
  const dropSteps = db.prepare<[number, number]>('DELETE FROM steps WHERE run_id = ? AND position >= ?');
  const dropDeliveries = db.prepare<[number]>('DELETE FROM deliveries WHERE run_id = ?');
  const dropOthers = db.prepare<[number]>('DELETE FROM other_files WHERE run_id = ?');
  const stepBegins = db.prepare(`
    INSERT INTO steps (run_id, position, name, kind, image, state, gpu, started_at)
    VALUES (@runId, @position, @name, @kind, @image, 'running', @gpu, @now)
    ON CONFLICT (run_id, position) DO UPDATE SET state = 'running', gpu = @gpu, exit_code = NULL, problem = NULL,
      started_at = coalesce(steps.started_at, @now), finished_at = NULL`);
  const stepContainer = db.prepare<[string, number, number]>(
    'UPDATE steps SET container_id = ? WHERE run_id = ? AND position = ?',
  );
  const stepEnds = db.prepare(`
    UPDATE steps SET state = @state, exit_code = @exitCode, problem = @problem, finished_at = @now
    WHERE run_id = @runId AND position = @position`);

  const confirmed = db.prepare<[number], { n: number }>(
    "SELECT count(*) AS n FROM deliveries WHERE run_id = ? AND state = 'confirmed'",
  );

  const get = (id: number) => {
    const row = byId.get(id);
    if (!row) throw new AppError('RUN_NOT_FOUND', { id });
    return row;
  };
  const studies = (run: RunRow) => studiesOf.all(run.batch_id).map(row => row.study_instance_uid);
  const tell = (run: RunRow, state: RunState, problem: Problem | null) => {
    const data = { runId: run.id, flow: run.flow_name || run.flow_file, attempt: run.attempt };
    for (const study of studies(run)) {
      if (state === 'running') journal.write(study, 'run-started', data);
      if (state === 'finished') journal.write(study, 'ran', data);
      if (state === 'sent') journal.write(study, 'delivered', { ...data, deliveries: confirmed.get(run.id)?.n ?? 0 });
      if (state === 'cancelled') journal.write(study, 'cancelled', data);
      if (state === 'failed') journal.write(study, 'failed', { ...data, problem: problem?.title });
    }
  };

  return {
    get,
    studies,
    pending: () => queue.all(),
    withState: state => byState.all(state),
    count: state => countOf.get(state)?.n ?? 0,
    create({ batchId, file, text, flow }) {
      const id = insert.run(
        randomUUID(),
        batchId,
        file,
        flow.name,
        flow.version,
        text,
        flow.priority,
        Date.now(),
      ).lastInsertRowid;
      setImmediate(() => changed(Number(id)));
      return Number(id);
    },
    move(id, to, problem = null) {
      const run = transaction(db, () => {
        const before = get(id);
        if (!mayMove(before.state, to)) throw new Error(`run ${id} cannot go from ${before.state} to ${to}`);
        const text = problem ? JSON.stringify(problem) : null;
        setState.run({ id, state: to, code: runCode[to], problem: text, now: Date.now() });
        // A run that waits again for the engine has told its start already.
        if (!(to === 'running' && before.started_at !== null)) tell(before, to, problem);
        return get(id);
      });
      changed(id);
      return run;
    },
    waits(id, problem) {
      const text = problem ? JSON.stringify(problem) : null;
      if (setWaiting.run(text, id, text).changes > 0) changed(id);
    },
    prioritise(id, priority) {
      setPriority.run(priority, id);
      changed(id);
    },
    resumeFrom: (id, firstStep) => void setFirst.run(firstStep, id),
    restart(id, firstStep) {
      const run = transaction(db, () => {
        dropSteps.run(id, firstStep);
        dropDeliveries.run(id);
        dropOthers.run(id);
        reset.run(firstStep, id);
        return get(id);
      });
      changed(id);
      return run;
    },
    beginStep(run, step) {
      stepBegins.run({ runId: run.id, ...step, now: Date.now() });
      changed(run.id);
    },
    stepContainer(runId, position, containerId) {
      stepContainer.run(containerId, runId, position);
      changed(runId);
    },
    endStep(runId, position, { state, exitCode, problem }) {
      const run = get(runId);
      transaction(db, () => {
        const text = problem ? JSON.stringify(problem) : null;
        stepEnds.run({ runId, position, state, exitCode, problem: text, now: Date.now() });
        for (const study of studies(run))
          journal.write(study, 'step-ended', { runId, step: position, state, exitCode });
      });
      changed(runId);
    },
  };
}
