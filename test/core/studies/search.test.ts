import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTagTree } from '../../../electron/core/dicom/index.ts';
import { type Db, openStore } from '../../../electron/core/store/index.ts';
import { createStudies, type Studies } from '../../../electron/core/studies/index.ts';
import { studyQuerySchema } from '../../../shared/schemas/studies.ts';
import { type FilledStudy, fillStudies } from './fill.ts';

/** Small steps of a known sequence: the same studies in every run. */
function* numbers(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state = (state * 1103515245 + 12345) % 2147483648;
    yield state;
  }
}

describe('study search', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-search-'));
  let db: Db;
  let studies: Studies;
  const random = numbers(7);
  const one = <T>(list: readonly T[]): T => list[random.next().value % list.length] as T;
  const rows: FilledStudy[] = Array.from({ length: 400 }, (_, index) => ({
    studyInstanceUid: `1.2.3.${index}`,
    patientName: one([
      'Müller^Anna',
      'MÜLLER^JAN',
      'Smith^John',
      'O’Neil^Éva',
      '山田^太郎',
      'Percent%^Under_score',
      '',
    ]),
    patientId: `PAT-${random.next().value % 90}`,
    studyDate: `2026${String((random.next().value % 12) + 1).padStart(2, '0')}15`,
    studyDescription: one(['Thorax routine', 'Head & neck', 'KNEE left', '']),
    accessionNumber: `A${random.next().value % 500}`,
    modalities: one(['CT', 'MR', 'CT\\SR', 'PT\\CT']),
  }));

  beforeAll(() => {
    db = openStore(join(directory, 'store.sqlite'));
    fillStudies(db, rows, 2, 3);
    studies = createStudies({
      db,
      dataDirectory: directory,
      sopClassName: uid => `class ${uid}`,
      readTags: readTagTree,
    });
  });
  afterAll(() => {
    db.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const fold = (text: string) => text.normalize('NFC').toLowerCase();
  /** The plain filter that the index has to agree with. */
  const plain = (query: ReturnType<typeof studyQuerySchema.parse>) =>
    rows.filter(row => {
      const has = (value: string, text: string) =>
        /^".*"$/.test(text) ? fold(value) === fold(text.slice(1, -1)) : fold(value).includes(fold(text));
      const { search, patientId, patientName, modality, from, to } = query;
      return (
        (!search ||
          [row.patientName, row.patientId, row.accessionNumber, row.studyDescription].some(value =>
            has(value, search),
          )) &&
        (!patientId || has(row.patientId, patientId)) &&
        (!patientName || has(row.patientName, patientName)) &&
        (!from || row.studyDate >= from.replaceAll('-', '')) &&
        (!to || row.studyDate <= to.replaceAll('-', '')) &&
        (!modality || modality.split(',').some(item => row.modalities.split('\\').includes(item)))
      );
    });

  it('finds what a plain filter finds, for every combination', () => {
    for (const search of [
      undefined,
      'müll',
      'MÜLLER',
      'smith',
      'PAT-1',
      '"pat-1"',
      '%',
      '_',
      '山',
      'é',
      'a4',
      "o'r; DROP TABLE studies",
    ]) {
      for (const modality of [undefined, 'CT', 'MR,PT']) {
        for (const [from, to] of [
          [undefined, undefined],
          ['20260401', '2026-08-31'],
        ]) {
          const query = studyQuerySchema.parse({ search, modality, from, to, limit: 1000 });
          const { items, total } = studies.list(query);
          const expected = plain(query);
          expect(total, JSON.stringify(query)).toBe(expected.length);
          expect(items.map(item => item.studyInstanceUid).sort()).toEqual(
            expected.map(row => row.studyInstanceUid).sort(),
          );
        }
      }
    }
  });

  it('sorts and pages without losing or doubling a study', () => {
    for (const sort of [
      'studyDate',
      '-studyDate',
      'patientName',
      '-patientId',
      'accessionNumber',
      '-updatedAt',
    ] as const) {
      const seen: string[] = [];
      for (let offset = 0; offset < 400; offset += 70) {
        seen.push(
          ...studies.list(studyQuerySchema.parse({ sort, limit: 70, offset })).items.map(item => item.studyInstanceUid),
        );
      }
      expect(new Set(seen).size, sort).toBe(400);
    }
    const dates = studies
      .list(studyQuerySchema.parse({ sort: '-studyDate', limit: 400 }))
      .items.map(item => item.studyDate);
    expect(dates).toEqual([...dates].sort().reverse());
  });

  it('shows one study with its series and instances, and where the bytes are', () => {
    const study = studies.get('1.2.3.5');
    expect(
      study.series.map(series => [series.seriesNumber, series.instances.map(instance => instance.instanceNumber)]),
    ).toEqual([
      ['1', ['1', '2', '3']],
      ['2', ['1', '2', '3']],
    ]);
    expect(studies.instanceFile('1.2.3.5.1.2').path).toBe(join(directory, 'instances/20261121/1015/1.2.3.5.1.2.dcm'));
    expect(() => studies.get('9.9')).toThrow(expect.objectContaining({ code: 'STUDY_NOT_FOUND' }));
    expect(() => studies.instanceFile('9.9')).toThrow(expect.objectContaining({ code: 'INSTANCE_NOT_FOUND' }));
  });
});
