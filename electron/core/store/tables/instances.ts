import type { Db } from '../open.ts';

/** Everything a row of `instances`, and of its series and study, is made of. */
export interface NewInstance {
  sopInstanceUid: string;
  sopClassUid: string;
  studyInstanceUid: string;
  seriesInstanceUid: string;
  transferSyntaxUid: string;
  instanceNumber: string;
  path: string;
  dataSetOffset: number;
  bytes: number;
  sha256: Buffer;
  associationId: number;
  receivedAt: number;
  patientId: string;
  patientName: string;
  patientBirthDate: string;
  patientSex: string;
  studyDate: string;
  studyTime: string;
  studyDescription: string;
  accessionNumber: string;
  modality: string;
  seriesNumber: string;
  seriesDescription: string;
  bodyPartExamined: string;
}

export interface LandedRow {
  id: number;
  /** Of the row that counts: for a duplicate the file that was there before. */
  path: string;
  outcome: 'stored' | 'duplicate' | 'conflict';
}

interface Version {
  id: number;
  version: number;
  path: string;
  bytes: number;
  sha256: Buffer;
  transfer_syntax_uid: string;
  series_id: number;
  study_id: number;
}

export interface InstanceTable {
  /**
   * Puts an instance into the index; call it inside a transaction. The same data set in the same transfer syntax is a
   * duplicate and makes no row; another one becomes the next version, a conflict.
   */
  land(instance: NewInstance): LandedRow;
  hasPath(path: string): boolean;
  /** The file of a row was found to be missing: another file with the same data set takes its place. */
  moveTo(id: number, path: string, dataSetOffset: number): void;
}

export function createInstanceTable(db: Db): InstanceTable {
  const versions = db.prepare<[string], Version>(`
    SELECT i.id, i.version, i.path, i.bytes, i.sha256, i.transfer_syntax_uid, i.series_id, s.study_id
    FROM instances i JOIN series s ON s.id = i.series_id WHERE i.sop_instance_uid = ? ORDER BY i.version`);
  const byPath = db.prepare<[string], { id: number }>('SELECT id FROM instances WHERE path = ?');
  const move = db.prepare<[string, number, number]>('UPDATE instances SET path = ?, data_set_offset = ? WHERE id = ?');
  const studyOf = db.prepare<[string], { id: number; modalities: string }>(
    'SELECT id, modalities FROM studies WHERE study_instance_uid = ?',
  );
  const seriesOf = db.prepare<[number, string], { id: number }>(
    'SELECT id FROM series WHERE study_id = ? AND series_instance_uid = ?',
  );
  const addStudy = db.prepare<NewInstance, { id: number; modalities: string }>(`
    INSERT INTO studies (study_instance_uid, patient_id, patient_name, patient_birth_date, patient_sex, study_date, study_time,
      study_description, accession_number, received_at, updated_at)
    VALUES (@studyInstanceUid, @patientId, @patientName, @patientBirthDate, @patientSex, @studyDate, @studyTime,
      @studyDescription, @accessionNumber, @receivedAt, @receivedAt)
    RETURNING id, modalities`);
  const addSeries = db.prepare<NewInstance & { studyId: number }, { id: number }>(`
    INSERT INTO series (study_id, series_instance_uid, modality, series_number, series_description, body_part_examined,
      received_at, updated_at)
    VALUES (@studyId, @seriesInstanceUid, @modality, @seriesNumber, @seriesDescription, @bodyPartExamined, @receivedAt, @receivedAt)
    RETURNING id`);
  const addInstance = db.prepare<NewInstance & { seriesId: number; version: number }, { id: number }>(`
    INSERT INTO instances (series_id, sop_instance_uid, version, sop_class_uid, transfer_syntax_uid, instance_number, path,
      data_set_offset, bytes, sha256, association_id, received_at)
    VALUES (@seriesId, @sopInstanceUid, @version, @sopClassUid, @transferSyntaxUid, @instanceNumber, @path,
      @dataSetOffset, @bytes, @sha256, @associationId, @receivedAt)
    RETURNING id`);
  const growSeries = db.prepare<[number, number, number, number]>(
    'UPDATE series SET instance_count = instance_count + ?, bytes = bytes + ?, updated_at = ? WHERE id = ?',
  );
  const growStudy = db.prepare<[string, number, number, number, number, number]>(`
    UPDATE studies SET modalities = ?, series_count = series_count + ?, instance_count = instance_count + ?,
      bytes = bytes + ?, updated_at = ? WHERE id = ?`);

  return {
    land(instance) {
      const known = versions.all(instance.sopInstanceUid);
      const same = known.find(
        row =>
          row.bytes === instance.bytes &&
          row.transfer_syntax_uid === instance.transferSyntaxUid &&
          instance.sha256.equals(row.sha256),
      );
      if (same) return { id: same.id, path: same.path, outcome: 'duplicate' };
      const study =
        studyOf.get(instance.studyInstanceUid) ?? (addStudy.get(instance) as { id: number; modalities: string });
      const found = seriesOf.get(study.id, instance.seriesInstanceUid);
      const seriesId = found?.id ?? (addSeries.get({ ...instance, studyId: study.id }) as { id: number }).id;
      const version = (known.at(-1)?.version ?? 0) + 1;
      const { id } = addInstance.get({ ...instance, seriesId, version }) as { id: number };
      // Counts are of SOP Instance UIDs, not of versions.
      const newInSeries = known.some(row => row.series_id === seriesId) ? 0 : 1;
      const newInStudy = known.some(row => row.study_id === study.id) ? 0 : 1;
      growSeries.run(newInSeries, instance.bytes, instance.receivedAt, seriesId);
      const modalities = withModality(study.modalities, instance.modality);
      growStudy.run(modalities, found ? 0 : 1, newInStudy, instance.bytes, instance.receivedAt, study.id);
      return { id, path: instance.path, outcome: known.length > 0 ? 'conflict' : 'stored' };
    },
    hasPath: path => byPath.get(path) !== undefined,
    moveTo: (id, path, dataSetOffset) => void move.run(path, dataSetOffset, id),
  };
}

/** Modalities of a study, separated as DICOM separates values. */
function withModality(modalities: string, modality: string): string {
  if (modality === '') return modalities;
  const all = modalities.split('\\').filter(Boolean);
  return all.includes(modality) ? modalities : [...all, modality].join('\\');
}
