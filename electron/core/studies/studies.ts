import { join } from 'node:path';
import { AppError } from '../../../shared/problems.ts';
import type { Study, StudyDetail, StudyQuery } from '../../../shared/schemas/studies.ts';
import type { Db } from '../store/index.ts';
import { createSearch, type StudyRow, toStudy } from './search.ts';

export interface Studies {
  list(query: StudyQuery): { items: Study[]; total: number };
  /** @throws STUDY_NOT_FOUND */
  get(studyInstanceUid: string): StudyDetail;
  /** Where the bytes are; the newest version without `version`. @throws INSTANCE_NOT_FOUND */
  instanceFile(sopInstanceUid: string, version?: number): { path: string; sha256: string };
}

interface SeriesRow {
  id: number;
  series_instance_uid: string;
  modality: string;
  series_number: string;
  series_description: string;
  body_part_examined: string;
  instance_count: number;
  bytes: number;
}

interface InstanceRow {
  series_id: number;
  sop_instance_uid: string;
  version: number;
  sop_class_uid: string;
  transfer_syntax_uid: string;
  instance_number: string;
  bytes: number;
  sha256: string;
  received_at: number;
  calling_ae: string;
}

interface Needs {
  db: Db;
  dataDirectory: string;
  /** Name of a SOP class by its UID; the dictionary is the dicom room's. */
  sopClassName: (uid: string) => string;
}

export function createStudies({ db, dataDirectory, sopClassName }: Needs): Studies {
  const one = db.prepare<[string], StudyRow>('SELECT * FROM studies WHERE study_instance_uid = ?');
  const seriesOf = db.prepare<[number], SeriesRow>(
    'SELECT * FROM series WHERE study_id = ? ORDER BY CAST(series_number AS INTEGER), id',
  );
  const instancesOf = db.prepare<[number], InstanceRow>(`
    SELECT i.series_id, i.sop_instance_uid, i.version, i.sop_class_uid, i.transfer_syntax_uid, i.instance_number, i.bytes,
      lower(hex(i.sha256)) AS sha256, i.received_at, a.calling_ae
    FROM series s JOIN instances i ON i.series_id = s.id JOIN associations a ON a.id = i.association_id
    WHERE s.study_id = ? ORDER BY CAST(i.instance_number AS INTEGER), i.id`);
  const runsOf = db.prepare<[string], { id: number }>(
    'SELECT r.id FROM batch_studies b JOIN runs r ON r.batch_id = b.batch_id WHERE b.study_instance_uid = ? ORDER BY r.id',
  );
  const file = db.prepare<[string, number | null, number | null], { path: string; sha256: string }>(`
    SELECT path, lower(hex(sha256)) AS sha256 FROM instances
    WHERE sop_instance_uid = ? AND (? IS NULL OR version = ?) ORDER BY version DESC LIMIT 1`);

  return {
    list: createSearch({ db }),
    get(studyInstanceUid) {
      const row = one.get(studyInstanceUid);
      if (!row) throw new AppError('STUDY_NOT_FOUND', { studyInstanceUid });
      const bySeries = Map.groupBy(instancesOf.all(row.id), instance => instance.series_id);
      const series = seriesOf.all(row.id).map(item => {
        const instances = bySeries.get(item.id) ?? [];
        return {
          seriesInstanceUid: item.series_instance_uid,
          modality: item.modality,
          seriesNumber: item.series_number,
          seriesDescription: item.series_description,
          bodyPartExamined: item.body_part_examined,
          instanceCount: item.instance_count,
          bytes: item.bytes,
          conflicts: new Set(
            instances.filter(instance => instance.version > 1).map(instance => instance.sop_instance_uid),
          ).size,
          instances: instances.map(instance => ({
            sopInstanceUid: instance.sop_instance_uid,
            version: instance.version,
            sopClassUid: instance.sop_class_uid,
            sopClass: sopClassName(instance.sop_class_uid),
            transferSyntaxUid: instance.transfer_syntax_uid,
            instanceNumber: instance.instance_number,
            bytes: instance.bytes,
            sha256: instance.sha256,
            receivedAt: instance.received_at,
            callingAe: instance.calling_ae,
          })),
        };
      });
      return { ...toStudy(row), series, runIds: runsOf.all(studyInstanceUid).map(run => run.id) };
    },
    instanceFile(sopInstanceUid, version) {
      const row = file.get(sopInstanceUid, version ?? null, version ?? null);
      if (!row) throw new AppError('INSTANCE_NOT_FOUND', { sopInstanceUid });
      return { path: join(dataDirectory, row.path), sha256: row.sha256 };
    },
  };
}
