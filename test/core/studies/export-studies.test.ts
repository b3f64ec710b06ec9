import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Exported, ExportTicket } from '../../../shared/schemas/exports.ts';
import { dcmtk, eventually } from '../../helpers/dcmtk.ts';
import { makeStudy } from '../../helpers/dicom-maker.ts';
import { openImportBed } from '../../helpers/import-bed.ts';
import { type OpenDoor, openDoor } from '../../helpers/open-door.ts';
import { hasRealDicom, realDicom } from '../../helpers/real-dicom.ts';

let door: OpenDoor;
let out: string;
beforeAll(async () => {
  door = await openDoor();
  out = mkdtempSync(join(tmpdir(), 'gantry-export-'));
});
afterAll(async () => {
  await door.close();
  rmSync(out, { recursive: true, force: true });
});

async function imported(path: string): Promise<void> {
  const { id } = await door.core.imports.start({ paths: [path], evaluate: false });
  await eventually(() => door.core.imports.get(id).state === 'finished', 'the import', 60_000);
}
const post = async <T>(path: string, body: object): Promise<T> => {
  const headers = { 'Content-Type': 'application/json' };
  const response = await door.call(path, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = (await response.json()) as T;
  expect(response.status, JSON.stringify(answer)).toBe(200);
  return answer;
};
const all = (directory: string) =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();

interface Found {
  type: string;
  file: string;
}

/** Follows the offsets of a DICOMDIR as a reader does, PS3.3 §F.2.2.2; each has to lead to an item with a record. */
function follow(dicomdir: Buffer): Found[] {
  const found: Found[] = [];
  const value = (at: number) => {
    const long = ['SQ', 'OB'].includes(dicomdir.toString('latin1', at + 4, at + 6));
    const length = long ? dicomdir.readUInt32LE(at + 8) : dicomdir.readUInt16LE(at + 6);
    return {
      tag: dicomdir.readUInt16LE(at) * 0x10000 + dicomdir.readUInt16LE(at + 2),
      at: at + (long ? 12 : 8),
      length,
    };
  };
  const walk = (first: number) => {
    for (let at = first; at > 0; ) {
      expect(dicomdir.readUInt32BE(at).toString(16)).toBe('feff00e0');
      const end = at + 8 + dicomdir.readUInt32LE(at + 4);
      const fields = new Map<number, { at: number; length: number }>();
      for (let next = at + 8; next < end; ) {
        const field = value(next);
        fields.set(field.tag, field);
        next = field.at + field.length;
        expect(next).toBeLessThanOrEqual(end);
      }
      expect([...fields.keys()]).toEqual([...fields.keys()].sort((a, b) => a - b));
      const text = (tag: number) => {
        const field = fields.get(tag);
        return field ? dicomdir.toString('utf8', field.at, field.at + field.length).trim() : '';
      };
      found.push({ type: text(0x00041430), file: text(0x00041500).replaceAll('\\', '/') });
      const offset = (tag: number) => dicomdir.readUInt32LE(fields.get(tag)?.at ?? 0);
      walk(offset(0x00041420));
      at = offset(0x00041400);
    }
  };
  const root = dicomdir.indexOf(Buffer.from('04000012554c0400', 'hex'));
  walk(dicomdir.readUInt32LE(root + 8));
  return found;
}
const types = (found: Found[]) => found.map(({ type }) => type);

describe('exporting studies', () => {
  it('writes files as they are stored below a path, with a DICOMDIR that DCMTK reads and appends to', async () => {
    const made = makeStudy({ directory: join(out, 'ct'), instances: 3, patientName: 'Müller^Jörg' });
    const more = makeStudy({ directory: join(out, 'mr'), instances: 2, modality: 'MR', patientName: 'Müller^Jörg' });
    await imported(join(out, 'ct'));
    await imported(join(out, 'mr'));
    const studyInstanceUids = [made[0]?.studyInstanceUid, more[0]?.studyInstanceUid];
    const target = join(out, 'target');
    mkdirSync(target);
    const { path, files } = await post<Exported>('/api/studies/export-to', {
      studyInstanceUids,
      folder: target,
      form: 'folder',
    });
    expect(files).toBe(5);
    const names = all(path);
    expect(names).toEqual([
      'DICOMDIR',
      ...[1, 2, 3].map(i => `PA000001/ST000001/SE000001/IM00000${i}`),
      ...[1, 2].map(i => `PA000001/ST000002/SE000001/IM00000${i}`),
    ]);
    for (const [index, { sopInstanceUid }] of made.entries()) {
      const stored = readFileSync(door.core.studies.instanceFile(sopInstanceUid).path);
      expect(readFileSync(join(path, `PA000001/ST000001/SE000001/IM00000${index + 1}`)).equals(stored)).toBe(true);
    }
    const records = follow(readFileSync(join(path, 'DICOMDIR')));
    expect(types(records)).toEqual([
      'PATIENT',
      ...['STUDY', 'SERIES', 'IMAGE', 'IMAGE', 'IMAGE'],
      ...['STUDY', 'SERIES', 'IMAGE', 'IMAGE'],
    ]);
    expect(records.flatMap(({ file }) => (file ? [file] : []))).toEqual(names.slice(1));

    const dump = await dcmtk('dcmdump', ['+U8', join(path, 'DICOMDIR')]);
    expect([dump.code, dump.output.match(/^[WEF]: .*/gm)]).toEqual([0, null]);
    expect(dump.output).toContain('Müller^Jörg');
    // Appending makes DCMTK follow every offset, and ask that the files are there.
    copyFileSync(makeStudy({ directory: join(out, 'third'), instances: 1 })[0]?.file ?? '', join(path, 'NEW'));
    const appended = await dcmtk('dcmmkdir', ['+A', '-Pgp', '+D', join(path, 'DICOMDIR'), '+id', path, 'NEW']);
    expect([appended.code, appended.output.match(/^[EF]: .*/gm)]).toEqual([0, null]);
    expect(types(follow(readFileSync(join(path, 'DICOMDIR')))).filter(type => type === 'IMAGE')).toHaveLength(6);
  });

  it('streams a ZIP for a ticket, once and without the token, as long as it said', async () => {
    const made = makeStudy({ directory: join(out, 'zip'), instances: 4, side: 128 });
    await imported(join(out, 'zip'));
    const studyInstanceUids = [made[0]?.studyInstanceUid];
    const ticket = await post<ExportTicket>('/api/studies/export', { studyInstanceUids });
    expect(ticket).toMatchObject({ files: 4, name: expect.stringMatching(/^gantry-\d{8}-\d{6}-[0-9a-f]{4}\.zip$/) });
    const response = await fetch(`${door.origin}${ticket.path}`);
    expect(response.headers.get('content-disposition')).toBe(`attachment; filename="${ticket.name}"`);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(Number(response.headers.get('content-length'))).toBe(bytes.length);
    expect((await fetch(`${door.origin}${ticket.path}`)).status).toBe(401);
    expect((await fetch(`${door.origin}/api/exports/${'x'.repeat(32)}`)).status).toBe(401);

    // A file that goes while it is on its way ends the download, not the core.
    const late = await post<ExportTicket>('/api/studies/export', { studyInstanceUids });
    const { path } = door.core.studies.instanceFile(made[3]?.sopInstanceUid ?? '');
    copyFileSync(path, join(out, 'kept'));
    rmSync(path);
    await expect(fetch(`${door.origin}${late.path}`).then(answer => answer.arrayBuffer())).rejects.toThrow();
    copyFileSync(join(out, 'kept'), path);
    expect((await door.call('/api/health')).status).toBe(200);

    // What went out comes in again: by the archive, and by the directory in it.
    writeFileSync(join(out, 'again.zip'), bytes);
    const bed = await openImportBed();
    expect(await bed.imported(join(out, 'again.zip'))).toMatchObject({ imported: 4, notDicom: 1, unreadable: 0 });
    await bed.close();
  });

  it('writes a ZIP below a path, and leaves nothing of what fails', async () => {
    const made = makeStudy({ directory: join(out, 'some'), instances: 2 });
    await imported(join(out, 'some'));
    const studyInstanceUids = [made[0]?.studyInstanceUid ?? ''];
    const folder = mkdtempSync(join(out, 'f-'));
    const done = await door.core.exports.write({ studyInstanceUids, folder, form: 'zip' });
    expect(readdirSync(folder)).toEqual([done.path.slice(folder.length + 1)]);
    rmSync(done.path);
    for (const wrong of ['relative', join(folder, 'none'), made[0]?.file ?? '']) {
      const writing = door.core.exports.write({ studyInstanceUids, folder: wrong, form: 'folder' });
      await expect(writing).rejects.toMatchObject({ code: 'FOLDER_UNWRITABLE' });
    }
    const none = door.core.exports.ticket(['1.2.3']);
    await expect(none).rejects.toMatchObject({ code: 'STUDY_NOT_FOUND' });
    rmSync(door.core.studies.instanceFile(made[1]?.sopInstanceUid ?? '').path);
    const broken = door.core.exports.write({ studyInstanceUids, folder, form: 'folder' });
    await expect(broken).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    expect(readdirSync(folder)).toEqual([]);
  });

  const real = hasRealDicom('export of the published files');
  it.skipIf(!real)('names every kind of object in its own record', { timeout: 120_000 }, async () => {
    await imported(realDicom);
    const { items } = door.core.studies.list({ limit: 1000, offset: 0, sort: '-studyDate' });
    const studies = items.filter(study => {
      const { series } = door.core.studies.get(study.studyInstanceUid);
      return series.every(one => one.instances.every(({ sopInstanceUid }) => present(sopInstanceUid)));
    });
    const { path, files } = await door.core.exports.write({
      studyInstanceUids: studies.map(study => study.studyInstanceUid),
      folder: out,
      form: 'folder',
    });
    const records = follow(readFileSync(join(path, 'DICOMDIR')));
    const named = records.filter(({ file }) => file !== '').map(({ file }) => file);
    expect([named.length, new Set(named).size]).toEqual([files, files]);
    expect(named.sort()).toEqual(all(path).filter(name => name !== 'DICOMDIR'));
    for (const type of ['IMAGE', 'RT STRUCTURE SET', 'RT DOSE', 'RT PLAN', 'SR DOCUMENT', 'PRESENTATION'])
      expect(types(records), type).toContain(type);
    const dump = await dcmtk('dcmdump', [join(path, 'DICOMDIR')]);
    expect([dump.code, dump.output.match(/^[EF]: .*/gm)]).toEqual([0, null]);
    // Every document has its title, a code of three parts; but for the one whose sequences nobody can read.
    const malformed = '1.2.124.113532.192.168.118.49.2021.9.20.13.23.3.1016';
    const documents = dump.output
      .split('(0004,1430)')
      .filter(text => text.startsWith(' CS [SR DOCUMENT]') && !text.includes(malformed));
    expect(documents.length).toBeGreaterThan(2);
    for (const text of documents) expect(text).toMatch(/\(0040,a043\)[\s\S]*\(0008,0100\)[\s\S]*\(0008,0104\)/);
  });
});

const present = (sopInstanceUid: string) => {
  try {
    return readFileSync(door.core.studies.instanceFile(sopInstanceUid).path).length > 0;
  } catch {
    return false;
  }
};
