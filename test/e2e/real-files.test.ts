import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSender, readHeader, type SendFile, type SendResult } from '../../electron/core/dicom/index.ts';
import { createLogHub } from '../../electron/core/logs/index.ts';
import type { Health } from '../../shared/schemas/health.ts';
import type { StudyDetail } from '../../shared/schemas/studies.ts';
import { echoscu, storescu } from '../helpers/dcmtk.ts';
import { type Headless, startHeadless } from '../helpers/headless.ts';
import { scriptedPeer } from '../helpers/scripted-peer.ts';

const real = resolve(import.meta.dirname, '../../../shared/dicom');
const isHere = existsSync(real);
if (!isHere) console.log('SKIP no ../shared/dicom: every real file through the listener');

const filesBelow = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort();

describe.skipIf(!isHere)('real files', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-real-'));
  let gantry: Headless;
  const settings = {
    get: (key: string) => ({ AE_TITLE: 'REAL', SEND_TIMEOUT: 30, SEND_ASSOCIATIONS: 1 })[key] as never,
  };
  const sender = createSender({ settings, log: createLogHub() });

  beforeAll(async () => {
    gantry = await startHeadless({
      dataDirectory: join(directory, 'data'),
      environment: { GANTRY_MIN_FREE_BYTES: '0' },
    });
  }, 60_000);
  afterAll(async () => {
    await gantry?.stop();
    rmSync(directory, { recursive: true, force: true });
  }, 30_000);

  const peer = () => ({ aeTitle: 'GANTRY', host: '127.0.0.1', port: gantry.dicomPort, tls: null });

  it('come in by storescu in their own transfer syntax, where DCMTK knows it', async () => {
    const folders = ['ct-series', 'mr-series', 'rtstruct-with-ct', 'dicomdir/77654033'];
    for (const folder of folders)
      expect(await storescu(gantry.dicomPort, [join(real, folder)], { timeoutMs: 60_000 }), folder).toMatchObject({
        code: 0,
      });
    const { total } = await gantry.get<{ total: number }>('/api/studies?limit=1');
    expect(total).toBeGreaterThan(3);
  }, 120_000);

  it('are stored and given back byte for byte, every one outside malformed/', async () => {
    const files: (SendFile & { offset: number })[] = [];
    const noInstance: string[] = [];
    for (const file of filesBelow(real)) {
      const name = relative(real, file);
      if (name.startsWith('malformed/') || !name.includes('/') || /\.(md|txt|tsv)$/.test(name)) continue;
      const header = await readHeader(file).catch(() => null);
      const uids = ['StudyInstanceUID', 'SeriesInstanceUID'].every(keyword => header?.values(keyword)?.[0]);
      if (!header || !uids) {
        noInstance.push(name);
        continue;
      }
      const { sopClassUid, sopInstanceUid, transferSyntaxUid, dataSetOffset: offset } = header;
      files.push({ file, sopClassUid, sopInstanceUid, transferSyntaxUid, offset });
    }
    // Directories of file-sets, palettes and identifiers of queries have no instance to store.
    console.log(`${files.length} instances; without a study or series: ${noInstance.length}`);
    expect(files.length).toBeGreaterThan(270);

    const results = new Map<string, SendResult>();
    await sender.send({ peer: peer(), files, result: (file, result) => results.set(file.file, result) });
    expect(
      [...results]
        .filter(([, result]) => !result.confirmed)
        .map(([file, result]) => [relative(real, file), result.status]),
    ).toEqual([]);

    for (const { file, sopInstanceUid, offset } of files) {
      const plain = readFileSync(file).subarray(offset);
      // What has an odd length goes out with one byte of padding, PS3.5 §A.5.
      const sent = plain.length % 2 === 0 ? plain : Buffer.concat([plain, Buffer.alloc(1)]);
      const stored: boolean[] = [];
      // The same UID under other bytes is kept as a further version: one of them is this file.
      for (let version = 1; version <= 40; version++) {
        const path = `/api/instances/${sopInstanceUid}/file?version=${version}`;
        if ((await gantry.status('HEAD', path)) !== 200) break;
        const bytes = await gantry.bytes(path);
        stored.push(bytes.subarray(bytes.length - sent.length).equals(sent));
      }
      expect(stored, relative(real, file)).toContain(true);
    }
    const listed = await gantry.get<{ items: { studyInstanceUid: string }[] }>('/api/studies?limit=1000');
    for (const { studyInstanceUid } of listed.items.slice(0, 20)) {
      expect((await gantry.get<StudyDetail>(`/api/studies/${studyInstanceUid}`)).instanceCount).toBeGreaterThan(0);
    }
  }, 240_000);

  it('read right in every character set', async () => {
    const { items } = await gantry.get<{ items: { patientName: string }[] }>('/api/studies?limit=1000');
    const names = items.map(item => item.patientName).join('\n');
    for (const part of ['Люкceмбypг', 'Διονυσιος', 'שרון', 'قباني', 'Äneas', 'Buc^Jérôme', '山田', '김희중', '王^小東'])
      expect(names).toContain(part);
    expect(names).not.toContain('\uFFFD');
  });

  it('that are malformed leave the core alive, each with a reason', async () => {
    const files = filesBelow(join(real, 'malformed'));
    expect(files.length).toBeGreaterThan(80);
    for (const file of files) {
      const bytes = readFileSync(file);
      const raw = await scriptedPeer(gantry.dicomPort);
      const contexts = [
        { id: 1, abstractSyntax: '1.2.840.10008.5.1.4.1.1.2', transferSyntaxes: ['1.2.840.10008.1.2.1'] },
      ];
      expect(await raw.associate(contexts)).toMatchObject({ type: 'associate-ac' });
      // As it lies on the disk, under the name of a CT: the listener has to judge the bytes themselves.
      const answer = await raw.store(1, {
        sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
        sopInstanceUid: '1.2.3.4',
        dataSet: bytes,
      });
      if (answer === 'closed') continue;
      expect(answer, relative(real, file)).toHaveProperty('status');
      if ('status' in answer && answer.status !== 0)
        expect(answer.errorComment, relative(real, file)).toMatch(/\w+ \w+/);
      raw.close();
    }
    expect((await echoscu(gantry.dicomPort)).code).toBe(0);
    const health = await gantry.get<Health>('/api/health');
    expect(health.listener.listening).toBe(true);
  }, 240_000);
});
