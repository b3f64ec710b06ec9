import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { spool } from '../../../electron/core/inbox/import-spool.ts';
import { dcmtk, eventually } from '../../helpers/dcmtk.ts';
import { makeStudy } from '../../helpers/dicom-maker.ts';
import { type ImportBed, openImportBed, writeZip } from '../../helpers/import-bed.ts';
import { hasRealDicom, realDicom } from '../../helpers/real-dicom.ts';

let bed: ImportBed;
let folder: string;
beforeEach(async () => {
  bed = await openImportBed({ idleMs: 300 });
  folder = bed.folder;
});
afterEach(() => bed.close());
const incoming = () => readdirSync(join(bed.receiver.directory, 'incoming'));
const made = (instances: number, directory = join(folder, 'study')) =>
  makeStudy({ directory, instances }).map(({ file }) => readFileSync(file));

describe('importing a ZIP', () => {
  it('takes its files one by one, and leaves nothing unpacked', async () => {
    const [one, two, three] = made(3) as [Buffer, Buffer, Buffer];
    const zip = join(folder, 'träger.zip');
    await writeZip(zip, { 'a/IM1': one, 'a/IM2': two, 'ö/IM3': three, 'a/readme.txt': Buffer.from('hello') });
    const end = await bed.imported(zip);
    expect(end).toMatchObject({ state: 'finished', foundFiles: 4, doneFiles: 4, imported: 3, notDicom: 1 });
    expect(end.doneBytes).toBe(end.foundBytes);
    expect(bed.report(end.id)).toMatchObject([{ file: 'träger.zip/a/readme.txt', outcome: 'not-dicom' }]);
    expect(incoming()).toEqual([]);
  });

  it('takes entries whose names lead out, by any other name', async () => {
    const [one] = made(1) as [Buffer];
    const zip = join(folder, 'evil.zip');
    await writeZip(zip, { 'xx/xx/xx/IM1': one });
    const bytes = readFileSync(zip).toString('latin1').replaceAll('xx/xx/xx', '../../..');
    writeFileSync(zip, Buffer.from(bytes, 'latin1'));
    expect(await bed.imported(zip)).toMatchObject({ state: 'finished', imported: 1 });
  });

  it('does not unfold a bomb', async () => {
    const zip = join(folder, 'bomb.zip');
    const zeros = Buffer.alloc(64 * 2 ** 20);
    const [one] = made(1) as [Buffer];
    await writeZip(zip, { zeros, IM1: one });
    const before = process.memoryUsage().rss;
    const end = await bed.imported(zip);
    expect(end).toMatchObject({ state: 'finished', imported: 1, notDicom: 1 });
    expect(process.memoryUsage().rss - before).toBeLessThan(48 * 2 ** 20);
  });

  it('says what is damaged, encrypted or cut off', async () => {
    const [one] = made(1) as [Buffer];
    const zip = join(folder, 'x.zip');
    await writeZip(zip, { IM1: one });
    const whole = readFileSync(zip);
    // Bit 0 of the general purpose flags: in the local header, and in the central directory.
    const encrypted = Buffer.from(whole);
    const central = whole.indexOf(Buffer.from('504b0102', 'hex'));
    encrypted.writeUInt16LE(encrypted.readUInt16LE(6) | 1, 6);
    encrypted.writeUInt16LE(encrypted.readUInt16LE(central + 8) | 1, central + 8);
    writeFileSync(join(folder, 'encrypted.zip'), encrypted);
    writeFileSync(join(folder, 'cut.zip'), whole.subarray(0, whole.length - 30));
    const broken = Buffer.from(whole);
    broken.fill(0xff, 60, 200);
    writeFileSync(join(folder, 'broken.zip'), broken);
    const reason = async (name: string) => {
      const { id, unreadable, state } = await bed.imported(join(folder, name));
      expect([state, unreadable]).toEqual(['finished', 1]);
      return bed.report(id)[0]?.reason;
    };
    expect(await reason('encrypted.zip')).toBe('it is encrypted');
    expect(await reason('cut.zip')).toMatch(/^the ZIP archive cannot be read: /);
    expect(await reason('broken.zip')).toMatch(/invalid/);
    expect(incoming()).toEqual([]);
  });

  const real = hasRealDicom('import of a real ZIP');
  it.skipIf(!real)('takes the slices of a real one', async () => {
    const zip = join(realDicom, 'malformed', 'not_dicom_zip_with_11_mr_slices.zip');
    expect(await bed.imported(zip)).toMatchObject({ state: 'finished', imported: 11, foundFiles: 11 });
  });
});

describe('what is written to the side', () => {
  it('fails in words when its stream failed before it was read', async () => {
    const signal = new AbortController().signal;
    const order = { file: join(folder, 'part'), signal, room() {}, moved() {} };
    for (const fail of ['destroy', 'emit'] as const) {
      const stream = new Readable({ read() {} });
      const writing = expect(spool({ ...order, stream })).rejects.toThrow('broken early');
      const error = new Error('broken early');
      if (fail === 'emit') stream.emit('error', error);
      else stream.destroy(error);
      await writing;
    }
  });
});

describe('importing a DICOMDIR', () => {
  it('imports what it names, whatever the case of the names, and says what is missing', async () => {
    const set = join(folder, 'set');
    mkdirSync(set);
    for (const [index, bytes] of made(3).entries()) writeFileSync(join(set, `IM${index}`), bytes);
    const written = await dcmtk('dcmmkdir', ['+id', set, '+D', join(set, 'DICOMDIR'), '+r', '-Pgp']);
    expect(written.code, written.output).toBe(0);
    writeFileSync(join(set, 'NOTNAMED'), made(1, join(folder, 'other'))[0] as Buffer);
    rmSync(join(set, 'IM1'));
    cpSync(join(set, 'IM2'), join(set, 'im2.tmp'));
    rmSync(join(set, 'IM2'));
    cpSync(join(set, 'im2.tmp'), join(set, 'im2'));
    rmSync(join(set, 'im2.tmp'));
    const end = await bed.imported(join(set, 'DICOMDIR'));
    expect(end).toMatchObject({ state: 'finished', imported: 2, unreadable: 1, foundFiles: 3 });
    const missing = 'the DICOMDIR names it, but it is not there';
    expect(bed.report(end.id)).toEqual([{ file: 'IM1', outcome: 'unreadable', reason: missing }]);

    const whole = await bed.imported(set);
    expect(whole).toMatchObject({ imported: 1, duplicates: 2, unreadable: 1, notDicom: 1 });
    expect(bed.report(whole.id, 'unreadable')).toEqual([
      { file: 'set/DICOMDIR: IM1', outcome: 'unreadable', reason: missing },
    ]);
  });

  it('does not follow names out of its folder', async () => {
    const set = join(folder, 'set');
    mkdirSync(set);
    writeFileSync(join(set, 'AAAA'), made(1)[0] as Buffer);
    cpSync(join(set, 'AAAA'), join(folder, 'XX'));
    await dcmtk('dcmmkdir', ['+id', set, '+D', join(set, 'DICOMDIR'), '-Pgp', 'AAAA']);
    const bytes = readFileSync(join(set, 'DICOMDIR')).toString('latin1');
    expect(bytes).toContain('AAAA');
    writeFileSync(join(set, 'DICOMDIR'), Buffer.from(bytes.replace('AAAA', '..\\X'), 'latin1'));
    const end = await bed.imported(join(set, 'DICOMDIR'));
    expect(bed.report(end.id)).toEqual([
      { file: '../X', outcome: 'unreadable', reason: 'the DICOMDIR names a file outside of its folder' },
    ]);
  });

  const real = hasRealDicom('import of real DICOMDIRs');
  it.skipIf(!real)('reads those of others, in every encoding', async () => {
    for (const name of [
      'DICOMDIR',
      'DICOMDIR-bigEnd',
      'DICOMDIR-implicit',
      'DICOMDIR-nooffset',
      'DICOMDIR-reordered',
    ]) {
      const end = await bed.imported(join(realDicom, 'dicomdir', name));
      expect([name, end.state, end.imported + end.duplicates, end.unreadable]).toEqual([name, 'finished', 31, 0]);
    }
  });
});

describe('an import that a browser sends', () => {
  const none = { foundFiles: 0, foundBytes: 0 };

  it('takes files and archives as streams, until it is finished', async () => {
    const [one, two, three] = made(3) as [Buffer, Buffer, Buffer];
    const { id } = bed.imports.open({ label: 'study', evaluate: false });
    const send = (name: string, bytes: Buffer) =>
      bed.imports.upload(id, { name, bytes: bytes.length, foundFiles: 3, foundBytes: 0 }, Readable.from([bytes]));
    await send('study/IM1', one);
    await send('study/notes.txt', Buffer.from('no image'));
    await writeZip(join(folder, 'two.zip'), { IM2: two, IM3: three });
    await send('two.zip', readFileSync(join(folder, 'two.zip')));
    expect(bed.imports.get(id)).toMatchObject({ state: 'running', imported: 3, foundFiles: 4 });
    const end = await bed.imports.finish({ id, foundFiles: 3, foundBytes: one.length + 8 + two.length });
    expect(end).toMatchObject({
      state: 'finished',
      counted: true,
      imported: 3,
      notDicom: 1,
      doneFiles: 4,
      foundFiles: 4,
    });
    expect(bed.report(id)).toMatchObject([{ file: 'study/notes.txt', outcome: 'not-dicom' }]);
    await expect(send('late', one)).rejects.toMatchObject({ code: 'IMPORT_ENDED' });
    expect(incoming()).toEqual([]);
  });

  it('does not count a file whose sending broke off, but one that the sender cannot read', async () => {
    const [one] = made(1) as [Buffer];
    const { id } = bed.imports.open({ label: 'study', evaluate: false });
    const half = new Readable({ read() {} });
    half.push(one.subarray(0, 700));
    const sending = bed.imports.upload(id, { name: 'IM1', bytes: one.length, ...none }, half);
    setTimeout(() => half.destroy(new Error('aborted')), 20);
    await expect(sending).rejects.toMatchObject({ code: 'UPLOAD_BROKEN_OFF' });
    expect(bed.imports.get(id)).toMatchObject({ state: 'running', doneFiles: 0 });
    await bed.imports.upload(id, { name: 'IM1', bytes: 0, reason: 'NotReadableError', ...none }, Readable.from([]));
    expect(await bed.imports.finish({ id, ...none })).toMatchObject({ state: 'finished', unreadable: 1 });
    expect(bed.report(id)).toMatchObject([{ file: 'IM1', reason: 'NotReadableError' }]);
  });

  it('ends at once when it is cancelled, also inside a file', async () => {
    const { id } = bed.imports.open({ label: 'study', evaluate: false });
    const endless = new Readable({ read() {} });
    endless.push(made(1)[0]?.subarray(0, 700));
    const found = { foundFiles: 1, foundBytes: 1e9 };
    const sending = bed.imports.upload(id, { name: 'IM1', bytes: 1e9, ...found }, endless);
    const refused = expect(sending).rejects.toMatchObject({ code: 'IMPORT_ENDED' });
    await new Promise(resolve => setTimeout(resolve, 50));
    // What came of it counts for the progress, and not for the result.
    expect(bed.imports.get(id)).toMatchObject({ doneFiles: 0, doneBytes: 700 });
    expect(await bed.imports.cancel(id)).toMatchObject({ state: 'cancelled' });
    await refused;
    expect(incoming()).toEqual([]);
  });

  it('is interrupted when nothing comes any more', async () => {
    const { id } = bed.imports.open({ label: 'study', evaluate: false });
    await eventually(() => bed.imports.get(id).state === 'interrupted', 'the end of a silent import', 5000);
  });
});
