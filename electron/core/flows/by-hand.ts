import { AppError } from '../../../shared/problems.ts';
import type { RunStart } from '../../../shared/schemas/runs.ts';
import type { Peers } from '../dicom/index.ts';
import type { Settings } from '../settings/index.ts';
import { type Db, transaction } from '../store/index.ts';
import type { Journal } from '../studies/index.ts';
import { parseFlow } from './definition.ts';
import type { FlowFiles } from './flow-files.ts';
import type { Runs } from './runs.ts';

interface Needs {
  db: Db;
  settings: Pick<Settings, 'get'>;
  flowFiles: Pick<FlowFiles, 'get'>;
  peers: Pick<Peers, 'get'>;
  runs: Pick<Runs, 'create'>;
  journal: Pick<Journal, 'write'>;
  created: () => void;
}

/** A flow of no file: its text stands in the run. */
const noFile = '(by hand)';

/**
 * Runs a flow on a stored study because somebody wants it, whatever the flow's triggers say; or sends the study to a
 * peer, which is a run of its own, so that "sent" means the same.
 *
 * @returns the id of the run
 * @throws STUDY_NOT_FOUND, FLOW_NOT_FOUND, FLOW_INVALID, PEER_NOT_FOUND
 */
export function createByHand({ db, settings, flowFiles, peers, runs, journal, created }: Needs) {
  const instances = db.prepare<[string], { id: number; bytes: number }>(`
    SELECT i.id, i.bytes, max(i.version) FROM studies t JOIN series s ON s.study_id = t.id
      JOIN instances i ON i.series_id = s.id
    WHERE t.study_instance_uid = ? GROUP BY i.sop_instance_uid ORDER BY i.id`);
  const addBatch = db.prepare<[string, string, string, number, number, number, number, number, number]>(`
    INSERT INTO batches (collect, key, state, calling_ae, called_ae, host, instance_count, bytes, opened_at, last_at,
      closed_at, evaluated_at)
    VALUES ('study', ?, 'evaluated', ?, ?, '', ?, ?, ?, ?, ?, ?)`);
  const join = db.prepare<[number | bigint, number]>(
    'INSERT INTO batch_instances (batch_id, instance_id) VALUES (?, ?)',
  );
  const joinStudy = db.prepare<[number | bigint, string, number, number]>(
    'INSERT INTO batch_studies (batch_id, study_instance_uid, instance_count, bytes) VALUES (?, ?, ?, ?)',
  );

  function textOf(order: RunStart): { file: string; text: string } {
    if ('flow' in order) return flowFiles.get(order.flow);
    const { name } = peers.get(order.peer);
    const [title, peer] = [`Send to ${name}`, name].map(text => JSON.stringify(text));
    return { file: noFile, text: `name: ${title}\nmodels: []\ndestinations:\n  - peer: ${peer}\n` };
  }

  return (order: RunStart): number => {
    const { file, text } = textOf(order);
    const { flow, problems } = parseFlow(text, file);
    if (!flow) {
      const { line, column, what, remedy } = problems[0] ?? { what: 'not a flow', remedy: 'Correct the file.' };
      throw new AppError('FLOW_INVALID', { file, line, column, what, remedy });
    }
    const { studyInstanceUid } = order;
    const runId = transaction(db, () => {
      const found = instances.all(studyInstanceUid);
      if (found.length === 0) throw new AppError('STUDY_NOT_FOUND', { studyInstanceUid });
      const bytes = found.reduce((sum, instance) => sum + instance.bytes, 0);
      const [now, us] = [Date.now(), settings.get('AE_TITLE')];
      const { lastInsertRowid: batchId } = addBatch.run(
        studyInstanceUid,
        us,
        us,
        found.length,
        bytes,
        now,
        now,
        now,
        now,
      );
      for (const { id } of found) join.run(batchId, id);
      joinStudy.run(batchId, studyInstanceUid, found.length, bytes);
      const id = runs.create({ batchId: Number(batchId), file, text, flow });
      journal.write(studyInstanceUid, 'asked', { flow: flow.name || file, runId: id });
      return id;
    });
    created();
    return runId;
  };
}
