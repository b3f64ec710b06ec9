import { join } from 'node:path';
import { AppError } from '../../../shared/problems.ts';
import type { Study, StudyDetail, StudyQuery } from '../../../shared/schemas/studies.ts';
import type { InstanceTags, Tag } from '../../../shared/schemas/tags.ts';
import type { Db } from '../store/index.ts';
import { createRunCounts, createSearch, type StudyRow, toStudy } from './search.ts';

export interface Studies {
  list(query: StudyQuery): { items: Study[]; total: number };
  /** @throws STUDY_NOT_FOUND */
  get(studyInstanceUid: string): StudyDetail;
  /** The elements of an instance. @throws INSTANCE_NOT_FOUND, STORAGE_FAILED */
  tags(sopInstanceUid: string, version?: number): Promise<InstanceTags>;
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

interface FileRow {
  path: string;
  sha256: string;
  studyInstanceUid: string;
}

interface Needs {
  db: Db;
  dataDirectory: string;
  /** Name of a SOP class by its UID; the dictionary is the dicom room's. */
  sopClassName: (uid: string) => string;
  /** The elements of a file, in its order. */
  readTags: (path: string) => Promise<{ items: Tag[]; problem: string }>;
}

export function createStudies({ db, dataDirectory, sopClassName, readTags }: Needs): Studies {
  const one = db.prepare<[string], StudyRow>('SELECT * FROM studies WHERE study_instance_uid = ?');
  const seriesOf = db.prepare<[number], SeriesRow>(
    'SELECT * FROM series WHERE study_id = ? ORDER BY CAST(series_number AS INTEGER), id',
  );
  const instancesOf = db.prepare<[number], InstanceRow>(`
    SELECT i.series_id, i.sop_instance_uid, i.version, i.sop_class_uid, i.transfer_syntax_uid, i.instance_number, i.bytes,
      lower(hex(i.sha256)) AS sha256, i.received_at, a.calling_ae
    FROM series s JOIN instances i ON i.series_id = s.id JOIN associations a ON a.id = i.association_id
    WHERE s.study_id = ? ORDER BY CAST(i.instance_number AS INTEGER), i.id`);
  const runCounts = createRunCounts(db);
  const runsOf = db.prepare<[string], { id: number }>(
    'SELECT r.id FROM batch_studies b JOIN runs r ON r.batch_id = b.batch_id WHERE b.study_instance_uid = ? ORDER BY r.id',
  );
  const file = db.prepare<[string, number | null, number | null], FileRow>(`
    SELECT i.path, lower(hex(i.sha256)) AS sha256, t.study_instance_uid AS studyInstanceUid
    FROM instances i JOIN series s ON s.id = i.series_id JOIN studies t ON t.id = s.study_id
    WHERE i.sop_instance_uid = ? AND (? IS NULL OR i.version = ?) ORDER BY i.version DESC LIMIT 1`);

  const instanceFile = (sopInstanceUid: string, version?: number) => {
    const row = file.get(sopInstanceUid, version ?? null, version ?? null);
    if (!row) throw new AppError('INSTANCE_NOT_FOUND', { sopInstanceUid });
    return { ...row, path: join(dataDirectory, row.path) };
  };

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
      const study = toStudy(row, runCounts([studyInstanceUid])(studyInstanceUid));
      return { ...study, series, runIds: runsOf.all(studyInstanceUid).map(run => run.id) };
    },
    instanceFile,
    async tags(sopInstanceUid, version) {
      const { path, studyInstanceUid } = instanceFile(sopInstanceUid, version);
      const { items, problem } = await readTags(path).catch(error => {
        throw new AppError('STORAGE_FAILED', { path, reason: (error as Error).message }, { cause: error });
      });
      return { studyInstanceUid, items, total: items.length, problem };
    },
  };
}
