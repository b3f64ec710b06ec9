import { AppError } from '../../../shared/problems.ts';
import type { LogHub } from '../logs/index.ts';
import { type Db, transaction } from '../store/index.ts';
import type { Journal } from './journal.ts';
import type { Removals } from './removals.ts';

export interface DeletedStudy {
  studyInstanceUid: string;
  instances: number;
  bytes: number;
}

interface Needs {
  db: Db;
  journal: Pick<Journal, 'write'>;
  removals: Removals;
  log: LogHub;
}

/** What may be typed instead of the Patient ID, for example where there is none. */
const word = 'DELETE';

/**
 * Deletes a study: its files, its rows, and the files of the runs that were about it alone. The journal, and the rows of its
 * batches, runs and deliveries stay: what was sent remains proven.
 *
 * @throws STUDY_NOT_FOUND, DELETE_NOT_CONFIRMED, STUDY_BUSY
 */
export function createDeleteStudy({ db, journal, removals, log }: Needs) {
  const study = db.prepare<[string], { id: number; patient_id: string; bytes: number }>(
    'SELECT id, patient_id, bytes FROM studies WHERE study_instance_uid = ?',
  );
  const busyRun = db.prepare<[string], { id: number; state: string }>(`
    SELECT r.id, r.state FROM batch_studies b JOIN runs r ON r.batch_id = b.batch_id
    WHERE b.study_instance_uid = ? AND (r.state NOT IN ('sent', 'failed', 'cancelled')
      OR r.state <> 'cancelled' AND EXISTS (SELECT 1 FROM deliveries d WHERE d.run_id = r.id AND d.state = 'pending'))
    ORDER BY r.id LIMIT 1`);
  const busyBatch = db.prepare<[string], { id: number }>(`
    SELECT b.id FROM batch_studies s JOIN batches b ON b.id = s.batch_id
    WHERE s.study_instance_uid = ? AND b.state IN ('open', 'closed') ORDER BY b.id LIMIT 1`);
  const instances = db.prepare<[number], { path: string }>(
    'SELECT i.path FROM series s JOIN instances i ON i.series_id = s.id WHERE s.study_id = ?',
  );
  const drop = db.prepare<[number]>('DELETE FROM studies WHERE id = ?');
  const ownRuns = db.prepare<[string], { id: number }>(`
    SELECT r.id FROM batch_studies s JOIN runs r ON r.batch_id = s.batch_id
    WHERE s.study_instance_uid = ? AND r.files_removed_at IS NULL
      AND (SELECT count(*) FROM batch_studies t WHERE t.batch_id = s.batch_id) = 1`);
  const runGone = db.prepare<[number, number]>('UPDATE runs SET files_removed_at = ? WHERE id = ?');
  const emptyBatches = db.prepare<[string]>(`
    UPDATE batches SET state = 'removed' WHERE state = 'evaluated'
      AND id IN (SELECT batch_id FROM batch_studies WHERE study_instance_uid = ?)
      AND NOT EXISTS (SELECT 1 FROM batch_instances x WHERE x.batch_id = batches.id)`);

  function takeOut(studyInstanceUid: string, confirm: string): DeletedStudy {
    const row = study.get(studyInstanceUid);
    if (!row) throw new AppError('STUDY_NOT_FOUND', { studyInstanceUid });
    const typed = confirm.trim();
    if (typed !== word && (typed === '' || typed !== row.patient_id.trim()))
      throw new AppError('DELETE_NOT_CONFIRMED', { word });
    const run = busyRun.get(studyInstanceUid);
    if (run) throw new AppError('STUDY_BUSY', { what: `run ${run.id} is ${run.state}`, action: `/runs/${run.id}` });
    const batch = busyBatch.get(studyInstanceUid);
    if (batch) throw new AppError('STUDY_BUSY', { what: `batch ${batch.id} is not evaluated yet` });

    const paths = instances.all(row.id);
    for (const { path } of paths) removals.note(path);
    drop.run(row.id);
    for (const { id } of ownRuns.all(studyInstanceUid)) {
      removals.note(`runs/${id}`);
      runGone.run(Date.now(), id);
    }
    emptyBatches.run(studyInstanceUid);
    journal.write(studyInstanceUid, 'deleted', { instances: paths.length, bytes: row.bytes });
    return { studyInstanceUid, instances: paths.length, bytes: row.bytes };
  }

  return async (studyInstanceUid: string, confirm: string): Promise<DeletedStudy> => {
    const deleted = transaction(db, () => takeOut(studyInstanceUid, confirm));
    log.info('studies', `study ${studyInstanceUid} deleted: ${deleted.instances} instances`);
    await removals.finish();
    return deleted;
  };
}
