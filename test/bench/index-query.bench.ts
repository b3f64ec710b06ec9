/**
 * Time of the study list and its filters over a growing index, beside the same questions put to SQLite plainly, without our
 * indexes, in the same run. Rows are generated. `node test/bench/index-query.bench.ts [instances...]`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTagTree } from '../../electron/core/dicom/index.ts';
import { openStore } from '../../electron/core/store/index.ts';
import { createStudies } from '../../electron/core/studies/index.ts';
import { type StudyQuery, studyQuerySchema } from '../../shared/schemas/studies.ts';
import { fillStudies } from '../core/studies/fill.ts';

const sizes = process.argv.slice(2).map(Number).filter(Boolean);
const instancesEach = 20;
const rounds = 60;
const families = ['Novak', 'Müller', 'Garcia', 'Smith', 'Tanaka', 'Okafor', 'Rossi', 'Kowalski', 'Jensen', 'Dubois'];

const questions: [what: string, query: (round: number) => Partial<StudyQuery>][] = [
  ['first page, newest first', () => ({})],
  ['page 50 by name', () => ({ sort: 'patientName', offset: 2500 })],
  ['text in any field', round => ({ search: `${families[round % 10]}`.toLowerCase() })],
  ['text that is nowhere', round => ({ search: `zzz${round}` })],
  ['patient ID, whole', round => ({ patientId: `"PAT-${round * 37}"` })],
  [
    'one month of MR',
    round => ({
      from: `2025${String((round % 12) + 1).padStart(2, '0')}01`,
      to: `2025${String((round % 12) + 1).padStart(2, '0')}31`,
      modality: 'MR',
    }),
  ],
];

const percentile = (times: number[], share: number) =>
  times.sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))] as number;
const shown = (milliseconds: number) => milliseconds.toFixed(milliseconds < 10 ? 2 : 1).padStart(8);

for (const size of sizes.length > 0 ? sizes : [10_000, 100_000, 1_000_000]) {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-bench-'));
  const db = openStore(join(directory, 'store.sqlite'));
  const count = Math.ceil(size / instancesEach);
  fillStudies(
    db,
    Array.from({ length: count }, (_, index) => ({
      studyInstanceUid: `1.2.826.0.1.${index}`,
      patientName: `${families[index % 10]}^${index % 997}`,
      patientId: `PAT-${index % (count / 2)}`,
      studyDate: `2025${String((index % 12) + 1).padStart(2, '0')}${String((index % 28) + 1).padStart(2, '0')}`,
      studyDescription: ['Thorax routine', 'Brain without contrast', 'Knee left', 'Abdomen'][index % 4] as string,
      accessionNumber: `A${index}`,
      modalities: ['CT', 'MR', 'CT\\SR', 'CR'][index % 4] as string,
    })),
    2,
    instancesEach / 2,
  );
  const studies = createStudies({ db, dataDirectory: directory, sopClassName: uid => uid, readTags: readTagTree });
  console.log(
    `\n${size.toLocaleString()} instances in ${count.toLocaleString()} studies, ${rounds} rounds, milliseconds`,
  );
  console.log(`${'question'.padEnd(28)}${'p50'.padStart(8)}${'p95'.padStart(8)}   p95 of a plain scan`);
  for (const [what, query] of questions) {
    const [times, plain]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      const asked = studyQuerySchema.parse({ limit: 50, ...query(round) });
      const begun = performance.now();
      studies.list(asked);
      times.push(performance.now() - begun);
      const scanned = performance.now();
      db.prepare(
        'SELECT * FROM studies NOT INDEXED WHERE patient_name LIKE ? OR patient_id LIKE ? OR accession_number LIKE ? OR study_description LIKE ? ORDER BY +study_date DESC LIMIT 50',
      ).all(...Array(4).fill(`%${asked.search ?? ''}%`));
      plain.push(performance.now() - scanned);
    }
    console.log(
      `${what.padEnd(28)}${shown(percentile(times, 0.5))}${shown(percentile(times, 0.95))}   ${shown(percentile(plain, 0.95))}`,
    );
  }
  const large = db.prepare<[], { uid: string }>('SELECT study_instance_uid AS uid FROM studies LIMIT 1').get()
    ?.uid as string;
  const begun = performance.now();
  studies.get(large);
  console.log(`${'one study in full'.padEnd(28)}${shown(performance.now() - begun)}`);
  db.close();
  rmSync(directory, { recursive: true, force: true });
}
