import type { Db } from '../../../electron/core/store/index.ts';

export interface FilledStudy {
  studyInstanceUid: string;
  patientName: string;
  patientId: string;
  studyDate: string;
  studyDescription: string;
  accessionNumber: string;
  modalities: string;
}

/** Rows as the inbox writes them, without files: many, and quickly. */
export function fillStudies(db: Db, studies: FilledStudy[], seriesEach = 1, instancesEach = 1): void {
  const study = db.prepare(`
    INSERT INTO studies (study_instance_uid, patient_id, patient_name, patient_birth_date, patient_sex, study_date, study_time,
      study_description, accession_number, modalities, series_count, instance_count, bytes, received_at, updated_at)
    VALUES (@studyInstanceUid, @patientId, @patientName, '19700101', 'F', @studyDate, '101500', @studyDescription, @accessionNumber,
      @modalities, @series, @instances, 1, @at, @at)`);
  const series = db.prepare(`
    INSERT INTO series (study_id, series_instance_uid, modality, series_number, series_description, body_part_examined,
      instance_count, bytes, received_at, updated_at) VALUES (?, ?, 'CT', ?, 'Axial', '', ?, 1, 1, 1)`);
  const instance = db.prepare(`
    INSERT INTO instances (series_id, sop_instance_uid, sop_class_uid, transfer_syntax_uid, instance_number, path,
      data_set_offset, bytes, sha256, association_id, received_at)
    VALUES (?, ?, '1.2.840.10008.5.1.4.1.1.2', '1.2.840.10008.1.2.1', ?, ?, 400, 1000, x'00', 1, 1)`);
  db.transaction(() => {
    db.exec(
      "INSERT OR IGNORE INTO associations (id, calling_ae, called_ae, host, port, tls, started_at, outcome) VALUES (1, 'CT1', 'GANTRY', 'h', 1, 0, 1, 'released')",
    );
    studies.forEach((item, at) => {
      const { lastInsertRowid: studyId } = study.run({
        ...item,
        series: seriesEach,
        instances: seriesEach * instancesEach,
        at,
      });
      for (let s = 1; s <= seriesEach; s++) {
        const { lastInsertRowid: seriesId } = series.run(
          studyId,
          `${item.studyInstanceUid}.${s}`,
          String(s),
          instancesEach,
        );
        for (let i = 1; i <= instancesEach; i++) {
          const uid = `${item.studyInstanceUid}.${s}.${i}`;
          instance.run(seriesId, uid, String(i), `instances/20261121/1015/${uid}.dcm`);
        }
      }
    });
  })();
}
