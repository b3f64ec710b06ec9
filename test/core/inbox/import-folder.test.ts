import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeStudy } from '../../helpers/dicom-maker.ts';
import { hasRealDicom, realDicom, realFiles } from '../../helpers/real-dicom.ts';
import { type Receiver, startReceiver } from '../../helpers/receiver.ts';

let folder: string;
let receiver: Receiver;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-import-'));
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver.stop();
  rmSync(folder, { recursive: true, force: true });
});
const count = (sql: string) => (receiver.db.prepare(sql).get() as { n: number }).n;

describe('importing a folder', () => {
  it('stores what is DICOM and says of every other file why not', async () => {
    makeStudy({ directory: join(folder, 'deep', 'er'), instances: 6 });
    const [twice] = makeStudy({ directory: join(folder, 'more'), instances: 1 });
    copyFileSync(twice?.file ?? '', join(folder, 'copy'));
    writeFileSync(join(folder, 'notes.txt'), 'not an image');
    writeFileSync(join(folder, 'empty.dcm'), '');
    symlinkSync(folder, join(folder, 'loop'));
    const report = await receiver.inbox.importFolder(folder);
    expect(report).toMatchObject({ imported: 7, duplicates: 1, conflicts: 0, unreadable: [] });
    expect(report.notDicom).toEqual([
      { file: 'empty.dcm', reason: 'it is empty' },
      { file: 'notes.txt', reason: 'it has neither a DICM prefix nor a DICOM data set at its start' },
    ]);
    expect(receiver.db.prepare('SELECT outcome, stored, duplicates, calling_ae FROM associations').all()).toEqual([
      { outcome: 'imported', stored: 7, duplicates: 1, calling_ae: 'GANTRY' },
    ]);
    expect(receiver.ended).toMatchObject([{ outcome: 'imported', reason: null }]);
    const again = await receiver.inbox.importFolder(folder);
    expect(again).toMatchObject({ imported: 0, duplicates: 8 });
  });

  it('gives a meta to a file that has none, and keeps its data set', async () => {
    const [made] = makeStudy({ directory: join(folder, 'study'), instances: 1 });
    const whole = readFileSync(made?.file ?? '');
    const dataSet = whole.subarray(whole.indexOf(Buffer.from('0800050043530a00', 'hex')));
    writeFileSync(made?.file ?? '', dataSet);
    expect(await receiver.inbox.importFolder(made?.file ?? '')).toMatchObject({ imported: 1 });
    const row = receiver.db.prepare('SELECT * FROM instances').get() as {
      path: string;
      data_set_offset: number;
      transfer_syntax_uid: string;
    };
    const stored = readFileSync(join(receiver.directory, row.path));
    expect(stored.subarray(row.data_set_offset).equals(dataSet)).toBe(true);
    expect(row.transfer_syntax_uid).toBe('1.2.840.10008.1.2.1');
  });

  it('ends when it is told to, and keeps what it has', async () => {
    makeStudy({ directory: folder, instances: 30 });
    const stop = new AbortController();
    const importing = receiver.inbox.importFolder(folder, { signal: stop.signal });
    setTimeout(() => stop.abort(new Error('enough')), 5);
    await expect(importing).rejects.toThrow('enough');
    expect(receiver.ended).toMatchObject(receiver.ended.length === 0 ? [] : [{ outcome: 'aborted' }]);
    expect(count('SELECT count(*) AS n FROM instances')).toBe(receiver.landed.length);
    expect(receiver.landed.length).toBeLessThan(30);
  });

  it('names a folder that is not there', async () => {
    await expect(receiver.inbox.importFolder(join(folder, 'none'))).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
  });

  it.skipIf(process.getuid?.() === 0)('names a file that may not be read', async () => {
    const [made] = makeStudy({ directory: folder, instances: 1 });
    chmodSync(made?.file ?? '', 0);
    expect((await receiver.inbox.importFolder(folder)).unreadable[0]?.reason).toContain('EACCES');
  });

  const real = hasRealDicom('import of the published files');
  it.skipIf(!real)('takes every published instance', { timeout: 120_000 }, async () => {
    const report = await receiver.inbox.importFolder(realDicom);
    const left = new Map([...report.notDicom, ...report.unreadable].map(item => [item.file, item.reason]));
    for (const file of realFiles().filter(item => !item.malformed && item.name !== 'MANIFEST.tsv')) {
      const reason = left.get(file.name);
      if (reason) expect(reason, file.name).toMatch(/it has no S|DICOMDIR|neither/);
    }
    expect(report.imported + report.conflicts).toBeGreaterThan(280);
    const rows = receiver.db.prepare<[], { path: string }>('SELECT path FROM instances').all();
    for (const { path } of rows) expect(existsSync(join(receiver.directory, path))).toBe(true);
  });

  it.skipIf(!real)(
    'leaves out malformed files with a reason in words, or keeps what is whole',
    { timeout: 60_000 },
    async () => {
      mkdirSync(join(folder, 'malformed'));
      const report = await receiver.inbox.importFolder(join(realDicom, 'malformed'));
      const left = [...report.notDicom, ...report.unreadable];
      const kept = report.imported + report.conflicts + report.duplicates;
      expect(kept + left.length).toBe(realFiles().filter(file => file.malformed).length);
      for (const { reason } of left) expect(reason).toMatch(/^[A-Za-z(].{8,}/);
      const reasons = Object.fromEntries(left.map(item => [item.file, item.reason]));
      expect(reasons).toMatchObject({
        'MR_truncated.dcm': 'it ends inside its pixel data',
        'not_dicom_gzip_of_dicom.gz': 'it is gzip-compressed',
        'not_dicom_zip_with_11_mr_slices.zip': 'it is a ZIP archive',
        'zero_length.dcm': 'it is empty',
        'rtplan_truncated.dcm': expect.stringContaining('ends'),
        'ct-series-with-empty-uids/slice_001.dcm': expect.stringMatching(/^it has no S\w+UID$/),
      });
    },
  );
});
