import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBackTest } from '../../../electron/core/flows/back-test.ts';
import { createFlowFiles, type FlowFiles } from '../../../electron/core/flows/flow-files.ts';
import { createLogHub } from '../../../electron/core/logs/index.ts';
import { type BackTestReport, backTestReportSchema } from '../../../shared/schemas/flows.ts';
import { makeStudy } from '../../helpers/dicom-maker.ts';
import { type ImportBed, openImportBed } from '../../helpers/import-bed.ts';

const flow = (...lines: string[]) => ['name: F', 'triggers:', ...lines.map(line => `  - ${line}`), ''].join('\n');

describe('back-test', () => {
  let bed: ImportBed;
  let files: FlowFiles;
  let backTest: ReturnType<typeof createBackTest>;
  const tested = async (text: string, days = 30): Promise<BackTestReport> => {
    const reports: BackTestReport[] = [];
    for await (const report of backTest({ file: 'f.yml', text, days }))
      reports.push(backTestReportSchema.parse(report));
    return reports.at(-1) as BackTestReport;
  };
  const names = (studies: { studyDescription: string }[]) => studies.map(study => study.studyDescription).sort();

  beforeAll(async () => {
    bed = await openImportBed();
    const { db, directory } = bed.receiver;
    for (const [studyDescription, modality] of [
      ['Head CT', 'CT'],
      ['Head MR', 'MR'],
      ['Chest CT', 'CT'],
    ] as const) {
      // More instances than are read at once; only the last of them would not do for a first look.
      makeStudy({ directory: join(bed.folder, studyDescription), instances: 20, modality, studyDescription });
    }
    await bed.imported(bed.folder);
    files = createFlowFiles({ directory: join(directory, 'flows'), log: createLogHub() });
    await files.save('f.yml', flow('Modality: ^CT$'));
    backTest = createBackTest({ db, dataDirectory: directory, files });
  }, 60_000);
  afterAll(async () => {
    await files?.stop();
    await bed?.close();
  });

  it('says on what a text and the saved file fire, and where they differ', async () => {
    const report = await tested(flow('StudyDescription: ^Head'));
    expect(report).toMatchObject({ done: 3, total: 3, ended: true, fires: 2, savedFires: 2, savedValid: true });
    expect(report).toMatchObject({ gainedCount: 1, lostCount: 1, unreadable: 0 });
    expect([names(report.gained), names(report.lost)]).toEqual([['Head MR'], ['Chest CT']]);
    expect(await tested(flow('Modality: CT'))).toMatchObject({ fires: 2, savedFires: 2, gained: [], lost: [] });
  });

  it('lets different instances meet different triggers, also of different pieces', async () => {
    const last = flow('Modality: ^CT$', 'InstanceNumber: ^20$', 'InstanceNumber: ^1$');
    expect(await tested(last)).toMatchObject({ fires: 2, lostCount: 0 });
    expect(await tested(flow('Modality: ^CT$', 'InstanceNumber: ^21$'))).toMatchObject({ fires: 0, lostCount: 2 });
    expect(await tested('name: F\ntriggers: []\n')).toMatchObject({ fires: 3, gainedCount: 1 });
  });

  it('looks only at studies of the days that were asked for', async () => {
    const { db } = bed.receiver;
    db.prepare("UPDATE studies SET updated_at = updated_at - 3 * 86400000 WHERE study_description = 'Head CT'").run();
    expect(await tested(flow('Modality: CT'), 2)).toMatchObject({ total: 2, fires: 1, savedFires: 1 });
    expect(await tested(flow('Modality: CT'), 4)).toMatchObject({ total: 3, fires: 2, savedFires: 2 });
  });

  it('refuses what is no flow, and takes a file that is not there for one that fires on nothing', async () => {
    await expect(tested('triggers: 5')).rejects.toThrow('f.yml');
    const reports = [];
    for await (const report of backTest({ file: 'new.yml', text: flow('Modality: CT'), days: 30 }))
      reports.push(report);
    expect(reports.at(-1)).toMatchObject({ fires: 2, savedFires: 0, savedValid: false, gainedCount: 2 });
  });

  it('stops when nobody wants to know any more', async () => {
    const asked = new AbortController();
    asked.abort();
    const order = { file: 'f.yml', text: flow('Modality: CT'), days: 30 };
    expect(await backTest(order, asked.signal).next()).toEqual({ done: true, value: undefined });
  });

  it('counts what cannot be read, and judges the rest', async () => {
    const { db, directory } = bed.receiver;
    const row = db.prepare<[], { path: string }>('SELECT path FROM instances ORDER BY id DESC LIMIT 1').get();
    rmSync(join(directory, row?.path ?? ''));
    expect(await tested(flow('PatientID: nobody'))).toMatchObject({ done: 3, fires: 0, unreadable: 1 });
  });
});
