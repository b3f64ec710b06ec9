import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { type link, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyToFolder } from '../../../../electron/core/flows/delivery/folder.ts';
import type { Destination } from '../../../../shared/schemas/flows.ts';
import { eventually } from '../../../helpers/dcmtk.ts';
import { type DeliveryBed, openDeliveryBed } from '../../../helpers/delivery-bed.ts';

describe('folder destinations', () => {
  let directory: string;
  let bed: DeliveryBed | undefined;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'gantry-folder-'));
  });
  afterEach(async () => {
    await bed?.stop();
    bed = undefined;
    rmSync(directory, { recursive: true, force: true });
  });
  const source = (bytes: string | Buffer, name = 'source') => {
    const file = join(directory, name);
    writeFileSync(file, bytes);
    return file;
  };
  const folder = () => join(directory, 'out', 'deep');
  const there = () => readdirSync(folder()).sort();
  const copy = (file: string, sopInstanceUid: string, more: { signal?: AbortSignal; makeLink?: typeof link } = {}) =>
    copyToFolder({ file, folder: folder(), sopInstanceUid, ...more });

  it('get a copy under the SOP Instance UID, once', async () => {
    await copy(source('one'), '1.2.3');
    await copy(source('one'), '1.2.3');
    expect(there()).toEqual(['1.2.3.dcm']);
    expect(readFileSync(join(folder(), '1.2.3.dcm'), 'utf8')).toBe('one');
  });

  it('keep what is there: other bytes become another version', async () => {
    for (const text of ['one', 'two', 'three', 'two']) await copy(source(text), '1.2.3');
    expect(there()).toEqual(['1.2.3.dcm', '1.2.3.version-2.dcm', '1.2.3.version-3.dcm']);
    expect(readFileSync(join(folder(), '1.2.3.dcm'), 'utf8')).toBe('one');
    expect(readFileSync(join(folder(), '1.2.3.version-3.dcm'), 'utf8')).toBe('three');
  });

  it('take copies at once without losing one', async () => {
    const texts = Array.from({ length: 8 }, (_, index) => `text ${index}`);
    await Promise.all(texts.map(text => copy(source(text, `source-${text}`), '1.2.3')));
    expect(there()).toHaveLength(8);
    expect(
      there()
        .map(name => readFileSync(join(folder(), name), 'utf8'))
        .sort(),
    ).toEqual(texts);
  });

  it.each(['../../../escaped', '/etc/escaped', '..', 'a/b', '', 'x'.repeat(300), 'a\0b'])(
    'are not left by way of the UID %j',
    async uid => {
      await copy(source('one'), uid);
      expect(there()).toHaveLength(1);
      expect(there()[0]).toMatch(/^uid-[0-9a-f]{32}\.dcm$/);
      expect(readdirSync(directory).sort()).toEqual(['out', 'source']);
    },
  );

  it('work where there are no hard links, as on network drives', async () => {
    const makeLink = (async () => {
      throw Object.assign(new Error('not supported'), { code: 'EPERM' });
    }) as typeof link;
    for (const text of ['one', 'two', 'one']) await copy(source(text), '1.2.3', { makeLink });
    expect(there()).toEqual(['1.2.3.dcm', '1.2.3.version-2.dcm']);
    // A crash between taking the name and putting the file there leaves the name with nothing.
    writeFileSync(join(folder(), '1.2.4.dcm'), '');
    await copy(source('four'), '1.2.4', { makeLink });
    expect(await readFile(join(folder(), '1.2.4.dcm'), 'utf8')).toBe('four');
    expect(there().filter(name => name.includes('part'))).toEqual([]);
  });

  it('say what is wrong with them, or with the file', async () => {
    source('a file', 'out');
    await expect(copy(source('one'), '1.2.3')).rejects.toMatchObject({
      code: 'FOLDER_UNWRITABLE',
      params: { path: folder() },
    });
    rmSync(join(directory, 'out'));
    await expect(copy(join(directory, 'none'), '1.2.3')).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    expect(existsSync(folder())).toBe(false);
  });

  it('are left clean when we stop in the middle', async () => {
    const controller = new AbortController();
    const file = source(Buffer.alloc(64 * 2 ** 20, 1));
    const copying = copy(file, '1.2.3', { signal: controller.signal });
    await eventually(() => existsSync(folder()) && there().some(name => name.endsWith('.part')), 'the copy', 5000);
    controller.abort(new Error('stop'));
    await expect(copying).rejects.toMatchObject({ message: 'stop' });
    expect(there()).toEqual([]);
  });

  it('are confirmed row by row, below the data directory where the path is relative', async () => {
    bed = openDeliveryBed();
    const destinations: Destination[] = [
      { kind: 'folder', path: folder() },
      { kind: 'folder', path: 'results/ct' },
    ];
    const run = bed.run(4, destinations);
    await eventually(() => bed?.settled.includes(run.id), 'settled');
    for (const item of bed.of(run.id))
      expect(item).toMatchObject({ confirmed: true, status: null, statusText: 'Written and synced', attempts: 1 });
    const names = run.uids.map(uid => `${uid}.dcm`).sort();
    expect(there()).toEqual(names);
    expect(readdirSync(join(bed.directory, 'folders', 'results', 'ct')).sort()).toEqual(names);
    const [uid, file] = [run.uids[0], run.files[0] as string];
    expect(readFileSync(join(folder(), `${uid}.dcm`)).equals(readFileSync(file))).toBe(true);
  });

  it('wait until they can be written, and one missing file does not hold up the others', async () => {
    bed = openDeliveryBed({ RETRY_ATTEMPTS: 20 });
    mkdirSync(join(directory, 'out'));
    writeFileSync(folder(), 'in the way');
    const run = bed.run(3, [{ kind: 'folder', path: folder() }]);
    await eventually(() => bed?.of(run.id).every(item => item.attempts > 0), 'an attempt');
    expect(bed.of(run.id)[0]).toMatchObject({ confirmed: false, problem: { code: 'FOLDER_UNWRITABLE' } });
    const bytes = readFileSync(run.files[1] as string);
    rmSync(run.files[1] as string);
    rmSync(folder());
    await eventually(() => bed?.deliveries.counts([run.id]).get(run.id)?.confirmed === 2, 'the others');
    await eventually(() => bed?.of(run.id)[1]?.problem?.code === 'FILE_UNREADABLE', 'the missing one');
    writeFileSync(run.files[1] as string, bytes);
    await eventually(() => bed?.settled.includes(run.id), 'settled');
    expect(statSync(join(folder(), `${run.uids[1]}.dcm`)).size).toBe(bytes.length);
  });
});
