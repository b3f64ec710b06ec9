import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAssociationTable } from '../../../electron/core/store/tables/associations.ts';
import type { ImportOutcome } from '../../../shared/schemas/imports.ts';
import { makeStudy } from '../../helpers/dicom-maker.ts';
import { type ImportBed, importsOf, openImportBed } from '../../helpers/import-bed.ts';
import { hasRealDicom, realDicom, realFiles } from '../../helpers/real-dicom.ts';

let bed: ImportBed;
let folder: string;
beforeEach(async () => {
  bed = await openImportBed();
  folder = bed.folder;
});
afterEach(() => bed.close());

const imported = (...paths: string[]) => bed.imported(...paths);
const reportOf = (id: number, outcome?: ImportOutcome) => bed.report(id, outcome);
const inOrder = <T extends { file: string }>(items: T[]) => items.sort((a, b) => (a.file < b.file ? -1 : 1));
const count = (sql: string) => (bed.receiver.db.prepare(sql).get() as { n: number }).n;

describe('importing a folder', () => {
  it('stores what is DICOM and says of every other file why not', async () => {
    makeStudy({ directory: join(folder, 'deep', 'er'), instances: 6 });
    const [twice] = makeStudy({ directory: join(folder, 'größer 日本'), instances: 1 });
    copyFileSync(twice?.file ?? '', join(folder, 'copy'));
    writeFileSync(join(folder, 'notes.txt'), 'not an image');
    writeFileSync(join(folder, 'empty.dcm'), '');
    symlinkSync(folder, join(folder, 'loop'));
    const first = await imported(folder);
    expect(first).toMatchObject({
      state: 'finished',
      source: 'paths',
      label: basename(folder),
      counted: true,
      foundFiles: 10,
      doneFiles: 10,
      imported: 7,
      duplicates: 1,
      conflicts: 0,
      notDicom: 2,
      unreadable: 0,
    });
    expect(first.doneBytes).toBe(first.foundBytes);
    expect(inOrder(reportOf(first.id, 'not-dicom'))).toEqual([
      { file: `${basename(folder)}/empty.dcm`, outcome: 'not-dicom', reason: 'it is empty' },
      {
        file: `${basename(folder)}/notes.txt`,
        outcome: 'not-dicom',
        reason: 'it has neither a DICM prefix nor a DICOM data set at its start',
      },
    ]);
    expect(reportOf(first.id)).toHaveLength(3);
    expect(bed.imports.report({ id: first.id, limit: 1, offset: 1 })).toMatchObject({ items: [{}], total: 3 });
    expect(bed.receiver.db.prepare('SELECT outcome, stored, duplicates, calling_ae FROM associations').all()).toEqual([
      { outcome: 'imported', stored: 7, duplicates: 1, calling_ae: 'GANTRY' },
    ]);
    expect(bed.receiver.ended).toMatchObject([
      { outcome: 'imported', reason: null, association: { import: { id: first.id, evaluate: false } } },
    ]);
    expect(await imported(folder)).toMatchObject({ imported: 0, duplicates: 8 });
    expect(bed.imports.list({ limit: 1, offset: 0 })).toMatchObject({ items: [{ duplicates: 8 }], total: 2 });
  });

  it('gives a meta to a file that has none, and keeps its data set', async () => {
    const [made] = makeStudy({ directory: join(folder, 'study'), instances: 1 });
    const whole = readFileSync(made?.file ?? '');
    const dataSet = whole.subarray(whole.indexOf(Buffer.from('0800050043530a00', 'hex')));
    writeFileSync(made?.file ?? '', dataSet);
    expect(await imported(made?.file ?? '')).toMatchObject({ imported: 1, label: '00001.dcm' });
    const row = bed.receiver.db.prepare('SELECT * FROM instances').get() as {
      path: string;
      data_set_offset: number;
      transfer_syntax_uid: string;
    };
    const stored = readFileSync(join(bed.receiver.directory, row.path));
    expect(stored.subarray(row.data_set_offset).equals(dataSet)).toBe(true);
    expect(row.transfer_syntax_uid).toBe('1.2.840.10008.1.2.1');
  });

  it('keeps other bytes under a known UID as a conflict', async () => {
    const [made] = makeStudy({ directory: join(folder, 'a'), instances: 1 });
    await imported(join(folder, 'a'));
    const bytes = readFileSync(made?.file ?? '');
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 0xff;
    writeFileSync(made?.file ?? '', bytes);
    const { id, conflicts } = await imported(made?.file ?? '');
    expect(conflicts).toBe(1);
    expect(reportOf(id)).toEqual([
      {
        file: '00001.dcm',
        outcome: 'conflict',
        reason: 'other bytes were stored under its SOP Instance UID: kept as a further version',
      },
    ]);
  });

  it('ends when it is cancelled, keeps what it has, and says so of the batch', async () => {
    makeStudy({ directory: folder, instances: 200 });
    const { id } = await bed.imports.start({ paths: [folder], evaluate: false });
    while (bed.receiver.landed.length === 0) await new Promise(resolve => setImmediate(resolve));
    expect(await bed.imports.cancel(id)).toMatchObject({ state: 'cancelled', endedAt: expect.any(Number) });
    expect(bed.receiver.ended).toMatchObject([{ outcome: 'aborted', reason: 'the import was cancelled' }]);
    const stored = count('SELECT count(*) AS n FROM instances');
    expect(stored).toBeLessThan(200);
    expect(bed.imports.get(id).imported).toBe(stored);
    await expect(bed.imports.cancel(id)).rejects.toMatchObject({ code: 'IMPORT_ENDED' });
    expect(readdirSync(join(bed.receiver.directory, 'incoming'))).toEqual([]);
  });

  it('is interrupted by the end of the process, with what was done', async () => {
    makeStudy({ directory: folder, instances: 200 });
    const { id } = await bed.imports.start({ paths: [folder], evaluate: false });
    while (bed.receiver.landed.length === 0) await new Promise(resolve => setImmediate(resolve));
    // Another process would find the rows as they are now; what was counted since the last save, its associations know.
    const later = importsOf(bed.receiver);
    const stored = count('SELECT stored AS n FROM associations');
    later.recover();
    expect(stored).toBeGreaterThan(0);
    expect(createAssociationTable(bed.receiver.db).stillOpen()).toMatchObject([{ import: { id, evaluate: false } }]);
    expect(later.get(id)).toMatchObject({ state: 'interrupted', imported: stored, doneFiles: stored });
  });

  it('stops when the disk is full, and says so', async () => {
    makeStudy({ directory: folder, instances: 3 });
    bed.receiver.settings.MIN_FREE_BYTES = 2 ** 62;
    bed.receiver.settings.MIN_FREE_PERCENT = 100;
    expect(await imported(folder)).toMatchObject({ state: 'failed', imported: 0, problem: { code: 'DISK_LOW' } });
  });

  it('names a path that is not there', async () => {
    const none = bed.imports.start({ paths: [folder, join(folder, 'none')], evaluate: false });
    await expect(none).rejects.toMatchObject({ code: 'IMPORT_PATH_UNREADABLE' });
    expect(bed.imports.list({ limit: 10, offset: 0 }).total).toBe(0);
    expect(() => bed.imports.get(1)).toThrow(expect.objectContaining({ code: 'IMPORT_NOT_FOUND' }));
  });

  it.skipIf(process.getuid?.() === 0)('names a file that may not be read', async () => {
    const [made] = makeStudy({ directory: folder, instances: 1 });
    chmodSync(made?.file ?? '', 0);
    const { id } = await imported(folder);
    expect(reportOf(id, 'unreadable')[0]?.reason).toContain('EACCES');
  });

  it('tells its progress while it runs, and its end', async () => {
    makeStudy({ directory: folder, instances: 300, side: 64 });
    const stop = new AbortController();
    const told: { state: string; doneFiles: number }[] = [];
    const watching = (async () => {
      for await (const { items } of bed.imports.watch(stop.signal)) told.push(...items);
    })();
    await imported(folder);
    stop.abort();
    await watching;
    expect(told.at(-1)).toMatchObject({ state: 'finished', doneFiles: 300 });
  });

  const real = hasRealDicom('import of the published files');
  it.skipIf(!real)('takes every published instance', { timeout: 120_000 }, async () => {
    const end = await imported(realDicom);
    const left = new Map(reportOf(end.id).map(item => [item.file.replace(/^dicom\//, ''), item.reason]));
    for (const file of realFiles().filter(item => !item.malformed && item.name !== 'MANIFEST.tsv')) {
      const reason = left.get(file.name);
      if (reason) expect(reason, file.name).toMatch(/it has no S|DICOMDIR|neither|same bytes|other bytes/);
    }
    expect(end.imported + end.conflicts).toBeGreaterThan(280);
    const rows = bed.receiver.db.prepare<[], { path: string }>('SELECT path FROM instances').all();
    for (const { path } of rows) expect(existsSync(join(bed.receiver.directory, path))).toBe(true);
  });

  it.skipIf(!real)(
    'leaves out malformed files with a reason in words, or keeps what is whole',
    { timeout: 60_000 },
    async () => {
      mkdirSync(join(folder, 'malformed'));
      const end = await imported(join(realDicom, 'malformed'));
      const left = [...reportOf(end.id, 'not-dicom'), ...reportOf(end.id, 'unreadable')];
      for (const { reason } of left) expect(reason).toMatch(/^[A-Za-z(].{8,}/);
      const reasons = Object.fromEntries(left.map(item => [item.file.replace('malformed/', ''), item]));
      expect(reasons).toMatchObject({
        'MR_truncated.dcm': { outcome: 'unreadable', reason: 'it ends inside its pixel data' },
        'not_dicom_gzip_of_dicom.gz': { outcome: 'not-dicom', reason: 'it is gzip-compressed' },
        'zero_length.dcm': { outcome: 'not-dicom', reason: 'it is empty' },
        'rtplan_truncated.dcm': { outcome: 'unreadable', reason: expect.stringContaining('ends') },
        'ct-series-with-empty-uids/slice_001.dcm': { reason: expect.stringMatching(/^it has no S\w+UID$/) },
      });
      // An archive is no file of its own: its slices are imported.
      expect(Object.keys(reasons).join()).not.toContain('not_dicom_zip');
      expect(end.doneFiles).toBe(realFiles().filter(file => file.malformed).length + 10);
    },
  );
});
