import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../shared/problems.ts';
import { readConceptName, readHeader } from '../dicom/index.ts';
import type { Db } from '../store/index.ts';
import { type DirectoryRecord, type Key, writeDicomdir } from './export-dicomdir.ts';
import { inTagOrder, isPlainImage, recordKind } from './export-records.ts';
import type { StudyRow } from './search.ts';

/** What an export is made of: files as they are stored, under the names of a file-set, and its directory. */
export interface ExportPlan {
  files: { path: string; name: string; bytes: number }[];
  dicomdir: Buffer;
  bytes: number;
}

interface SeriesRow {
  id: number;
  series_instance_uid: string;
  modality: string;
  series_number: string;
  series_description: string;
}

interface InstanceRow {
  path: string;
  sop_instance_uid: string;
  sop_class_uid: string;
  transfer_syntax_uid: string;
  instance_number: string;
}

const fileSetId = 'GANTRY_EXPORT';
/** File IDs are 8 characters of upper case and digits, PS3.10 §8.2 and §8.5. */
const numbered = (prefix: string, index: number) => prefix + String(index + 1).padStart(6, '0');

/**
 * Plans the file-set of some studies: PATIENT / STUDY / SERIES / instance, in folders of that order. Of an instance with
 * several versions the newest one goes along: a file-set holds a SOP Instance UID once.
 */
export function createExportPlan({ db, dataDirectory }: { db: Db; dataDirectory: string }) {
  const study = db.prepare<[string], StudyRow>('SELECT * FROM studies WHERE study_instance_uid = ?');
  const seriesOf = db.prepare<[number], SeriesRow>(
    'SELECT * FROM series WHERE study_id = ? ORDER BY CAST(series_number AS INTEGER), id',
  );
  const instancesOf = db.prepare<[number], InstanceRow>(`
    SELECT path, sop_instance_uid, sop_class_uid, transfer_syntax_uid, instance_number FROM instances i
    WHERE series_id = ? AND version = (SELECT max(version) FROM instances n WHERE n.sop_instance_uid = i.sop_instance_uid)
    ORDER BY CAST(instance_number AS INTEGER), id`);

  /** @throws STUDY_NOT_FOUND, FILE_UNREADABLE */
  return async (studyInstanceUids: string[], signal?: AbortSignal): Promise<ExportPlan> => {
    const rows = [...new Set(studyInstanceUids)].map(studyInstanceUid => {
      const row = study.get(studyInstanceUid);
      if (!row) throw new AppError('STUDY_NOT_FOUND', { studyInstanceUid });
      return row;
    });
    const files: ExportPlan['files'] = [];
    const roots: DirectoryRecord[] = [];
    const byPatient = [...Map.groupBy(rows, row => `${row.patient_id}\n${row.patient_name}`).values()];
    for (const [p, studies] of byPatient.entries()) {
      const patientFolder = numbered('PA', p);
      const below: DirectoryRecord[] = [];
      for (const [s, row] of studies.entries()) below.push(await studyRecord(row, [patientFolder, numbered('ST', s)]));
      if (below.length > 0)
        roots.push({ type: 'PATIENT', keys: patientKeys(studies[0] as StudyRow, patientFolder), below });
    }
    const dicomdir = writeDicomdir(fileSetId, roots);
    return { files, dicomdir, bytes: files.reduce((sum, file) => sum + file.bytes, dicomdir.length) };

    async function studyRecord(row: StudyRow, folder: string[]): Promise<DirectoryRecord> {
      const below: DirectoryRecord[] = [];
      let studyId = '';
      for (const [index, series] of seriesOf.all(row.id).entries()) {
        const here = [...folder, numbered('SE', index)];
        const records: DirectoryRecord[] = [];
        for (const [i, instance] of instancesOf.all(series.id).entries()) {
          signal?.throwIfAborted();
          const path = join(dataDirectory, instance.path);
          const id = [...here, numbered('IM', i)];
          files.push({ path, name: id.join('/'), bytes: await sizeOf(path, instance.sop_instance_uid) });
          studyId ||= i === 0 ? ((await readHeader(path)).values('StudyID')?.[0] ?? '') : '';
          const record = await instanceRecord(instance, path, id, i);
          (recordKind(instance.sop_class_uid).root ? roots : records).push(record);
        }
        if (records.length > 0) below.push({ type: 'SERIES', keys: seriesKeys(series, index), below: records });
      }
      return { type: 'STUDY', keys: studyKeys(row, studyId || (folder[1] as string)), below };
    }
  };
}

const sizeOf = (path: string, sopInstanceUid: string): Promise<number> =>
  stat(path).then(
    info => info.size,
    (cause: Error) => {
      throw new AppError('FILE_UNREADABLE', { file: `${sopInstanceUid}.dcm`, reason: cause.message }, { cause });
    },
  );

/** PS3.3 §F.5: what is of type 1 has a value, also where the files have none. */
const patientKeys = (row: StudyRow, folder: string): Key[] => [
  [0x00100010, 'PN', row.patient_name],
  [0x00100020, 'LO', row.patient_id || folder],
];
const studyKeys = (row: StudyRow, studyId: string): Key[] => [
  [0x00080020, 'DA', row.study_date || '19000101'],
  [0x00080030, 'TM', row.study_time || '000000'],
  [0x00080050, 'SH', row.accession_number],
  [0x00081030, 'LO', row.study_description],
  [0x0020000d, 'UI', row.study_instance_uid],
  [0x00200010, 'SH', studyId],
];
const seriesKeys = (row: SeriesRow, index: number): Key[] => [
  [0x00080060, 'CS', row.modality || 'OT'],
  [0x0008103e, 'LO', row.series_description],
  [0x0020000e, 'UI', row.series_instance_uid],
  [0x00200011, 'IS', row.series_number || String(index + 1)],
];

async function instanceRecord(row: InstanceRow, path: string, id: string[], index: number): Promise<DirectoryRecord> {
  const kind = recordKind(row.sop_class_uid);
  const keys: Key[] = [[0x00200013, 'IS', row.instance_number || String(index + 1)]];
  if (!isPlainImage(kind)) {
    const header = await readHeader(path);
    for (const [tag, vr, keyword] of kind.copied) keys.push([tag, vr, header.values(keyword)?.join('\\') ?? '']);
  }
  if (kind.conceptName) {
    const code = await readConceptName(path);
    const item: Key[] = code
      ? [
          [0x00080100, 'SH', code.value],
          [0x00080102, 'SH', code.scheme],
          [0x00080104, 'LO', code.meaning],
        ]
      : [];
    keys.push([0x0040a043, 'SQ', item]);
  }
  const { sop_class_uid: sopClassUid, sop_instance_uid: sopInstanceUid, transfer_syntax_uid: transferSyntaxUid } = row;
  return {
    type: kind.type,
    keys: inTagOrder(keys),
    file: { id, sopClassUid, sopInstanceUid, transferSyntaxUid },
    below: [],
  };
}
