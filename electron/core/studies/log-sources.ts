import type { Db } from '../store/index.ts';

/** Whose log lines tell of a study: the associations that brought it, its runs and their deliveries. */
export function createLogSources({ db }: { db: Db }): (studyInstanceUid: string) => string[] {
  const associations = db.prepare<[string], { id: number }>(`
    SELECT DISTINCT i.association_id AS id FROM studies st JOIN series s ON s.study_id = st.id
    JOIN instances i ON i.series_id = s.id WHERE st.study_instance_uid = ?`);
  const runs = db.prepare<[string], { id: number }>(
    'SELECT r.id FROM runs r JOIN batch_studies b ON b.batch_id = r.batch_id WHERE b.study_instance_uid = ?',
  );
  return studyInstanceUid => [
    ...associations.all(studyInstanceUid).map(({ id }) => `association/${id}`),
    ...runs.all(studyInstanceUid).flatMap(({ id }) => [`run/${id}`, `delivery/${id}`]),
  ];
}
