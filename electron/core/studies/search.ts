import type { Study, StudyQuery } from '../../../shared/schemas/studies.ts';
import { type Db, folded } from '../store/index.ts';

export interface StudyRow {
  id: number;
  study_instance_uid: string;
  patient_id: string;
  patient_name: string;
  patient_birth_date: string;
  patient_sex: string;
  study_date: string;
  study_time: string;
  study_description: string;
  accession_number: string;
  modalities: string;
  series_count: number;
  instance_count: number;
  bytes: number;
  received_at: number;
  updated_at: number;
}

export const toStudy = (row: StudyRow, runs: Study['runs']): Study => ({
  studyInstanceUid: row.study_instance_uid,
  patientId: row.patient_id,
  patientName: row.patient_name,
  patientBirthDate: row.patient_birth_date,
  patientSex: row.patient_sex,
  studyDate: row.study_date,
  studyTime: row.study_time,
  studyDescription: row.study_description,
  accessionNumber: row.accession_number,
  modalities: row.modalities.split('\\').filter(Boolean),
  seriesCount: row.series_count,
  instanceCount: row.instance_count,
  bytes: row.bytes,
  receivedAt: row.received_at,
  updatedAt: row.updated_at,
  runs,
});

/** What became of the runs of each of these studies. */
export function createRunCounts(db: Db): (studyInstanceUids: readonly string[]) => (uid: string) => Study['runs'] {
  const counted = db.prepare<[string], { uid: string } & Study['runs']>(`
    SELECT b.study_instance_uid AS uid, sum(r.state IN ('pending', 'running', 'finished', 'sending')) AS active,
      sum(r.state = 'sent') AS sent, sum(r.state = 'failed') AS failed
    FROM json_each(?) u JOIN batch_studies b ON b.study_instance_uid = u.value JOIN runs r ON r.batch_id = b.batch_id
    GROUP BY b.study_instance_uid`);
  return uids => {
    const found = new Map(counted.all(JSON.stringify(uids)).map(({ uid, ...runs }) => [uid, runs]));
    return uid => found.get(uid) ?? { active: 0, sent: 0, failed: 0 };
  };
}

const columns = {
  studyDate: ['study_date', 'study_time', 'id'],
  patientName: ['patient_name', 'id'],
  patientId: ['patient_id', 'id'],
  accessionNumber: ['accession_number', 'id'],
  updatedAt: ['updated_at', 'id'],
  receivedAt: ['received_at', 'id'],
} as const;

const searched = ['patient_name', 'patient_id', 'accession_number', 'study_description'];

/**
 * Studies by filter, sorted, one page of them and how many there are.
 * Text is found anywhere in the value, whatever its case; "in quotes" it has to be the whole value.
 */
export function createSearch({ db }: { db: Db }) {
  const runCounts = createRunCounts(db);
  return (query: StudyQuery): { items: Study[]; total: number } => {
    const where: string[] = [];
    const values: (string | number)[] = [];
    const add = (condition: string, ...parameters: (string | number)[]) => {
      where.push(condition);
      values.push(...parameters);
    };
    const match = (names: readonly string[], text: string) => {
      const whole = /^"(.*)"$/.exec(text)?.[1];
      const wanted = folded(whole ?? text);
      if (whole === undefined && names === searched) return add('instr(search_text, ?) > 0', wanted);
      const tests = names.map(name => test(name, wanted, whole !== undefined));
      add(`(${tests.join(' OR ')})`, ...names.map(() => wanted));
    };
    if (query.studyInstanceUid) add('study_instance_uid = ?', query.studyInstanceUid);
    if (query.patientId) match(['patient_id'], query.patientId);
    if (query.patientName) match(['patient_name'], query.patientName);
    if (query.accessionNumber) match(['accession_number'], query.accessionNumber);
    if (query.studyDescription) match(['study_description'], query.studyDescription);
    if (query.search?.trim()) match(searched, query.search.trim());
    if (query.from) add('study_date >= ?', query.from.replaceAll('-', ''));
    if (query.to) add('study_date <= ?', query.to.replaceAll('-', ''));
    const modalities = (query.modality ?? '').split(/[\s,\\]+/).filter(Boolean);
    if (modalities.length > 0) {
      const tests = modalities.map(() => "instr('\\' || modalities || '\\', '\\' || ? || '\\') > 0");
      add(`(${tests.join(' OR ')})`, ...modalities.map(modality => modality.toUpperCase()));
    }
    const filter = where.length > 0 ? `WHERE ${where.join(' AND ')}` : '';
    const down = query.sort.startsWith('-');
    const by = columns[query.sort.replace('-', '') as keyof typeof columns];
    const order = by.map(column => `${column} ${down ? 'DESC' : 'ASC'}`).join(', ');
    const items = db
      .prepare<(string | number)[], StudyRow>(`SELECT * FROM studies ${filter} ORDER BY ${order} LIMIT ? OFFSET ?`)
      .all(...values, query.limit, query.offset);
    const total = db
      .prepare<(string | number)[], { n: number }>(`SELECT count(*) AS n FROM studies ${filter}`)
      .get(...values);
    const runsOf = runCounts(items.map(row => row.study_instance_uid));
    return { items: items.map(row => toStudy(row, runsOf(row.study_instance_uid))), total: total?.n ?? 0 };
  };
}

/** ASCII is compared by SQLite itself, which is quicker; anything beyond goes through our own folding. */
function test(column: string, wanted: string, whole: boolean): string {
  const ascii = /^[\x20-\x7e]*$/.test(wanted);
  const value = ascii ? `lower(${column})` : `folded(${column})`;
  return whole ? `${value} = ?` : `instr(${value}, ?) > 0`;
}
