import type { z } from 'zod';
import { AppError } from '../../../shared/problems.ts';
import type { testRunSchema } from '../../../shared/schemas/flows.ts';
import { type Db, transaction } from '../store/index.ts';
import { parseFlow } from './definition.ts';
import type { Runs } from './runs.ts';

interface Needs {
  db: Db;
  runs: Pick<Runs, 'create'>;
  /** There is a run to start. */
  created: () => void;
}

/**
 * Runs a text, saved or not, on a stored study, whatever its triggers say. The study becomes a batch of its own, as if
 * it had just arrived; nothing is delivered, so a text that names destinations is refused instead of trusted.
 *
 * @returns the id of the run
 * @throws FLOW_INVALID, REQUEST_INVALID (destinations), STUDY_NOT_FOUND
 */
export function createTestRun({ db, runs, created }: Needs) {
  const study = db.prepare<[string], { id: number; instance_count: number; bytes: number }>(
    'SELECT id, instance_count, bytes FROM studies WHERE study_instance_uid = ?',
  );
  const insertBatch = db.prepare(`
    INSERT INTO batches (collect, key, state, complete, reason, calling_ae, called_ae, host, instance_count, bytes,
      opened_at, last_at, closed_at, evaluated_at)
    VALUES ('study', @uid, 'evaluated', 1, 'test run', '', '', '', @count, @bytes, @now, @now, @now, @now)`);
  const fillBatch = db.prepare<[number | bigint, number]>(`
    INSERT INTO batch_instances (batch_id, instance_id)
    SELECT ?, i.id FROM series s JOIN instances i ON i.series_id = s.id WHERE s.study_id = ?`);
  const insertStudy = db.prepare<[number | bigint, string, number, number]>(
    'INSERT INTO batch_studies (batch_id, study_instance_uid, instance_count, bytes) VALUES (?, ?, ?, ?)',
  );

  return ({ file, text, studyInstanceUid: uid }: z.infer<typeof testRunSchema>): number => {
    const { flow, problems } = parseFlow(text, file);
    if (!flow) {
      const first = problems.find(problem => problem.severity === 'error');
      const { line, column, what = 'it is no flow', remedy = 'Correct it.' } = first ?? {};
      throw new AppError('FLOW_INVALID', { file, line, column, what, remedy });
    }
    if (flow.destinations.length > 0 || flow.returnToSenderOnPort.length > 0) {
      const expected = 'a flow without destinations and return_to_sender_on_port, for a test delivers nothing';
      throw new AppError('REQUEST_INVALID', { field: 'text', expected });
    }
    const found = study.get(uid);
    if (!found) throw new AppError('STUDY_NOT_FOUND', { studyInstanceUid: uid });
    const { instance_count: count, bytes } = found;
    const runId = transaction(db, () => {
      const batchId = insertBatch.run({ uid, count, bytes, now: Date.now() }).lastInsertRowid;
      fillBatch.run(batchId, found.id);
      insertStudy.run(batchId, uid, count, bytes);
      return runs.create({
        batchId: Number(batchId),
        file,
        text,
        flow: { ...flow, name: `Test of ${flow.name || file}` },
      });
    });
    created();
    return runId;
  };
}
