import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSender, readHeader, type SendFile, type SendResult } from '../../../electron/core/dicom/index.ts';
import { createLogHub } from '../../../electron/core/logs/index.ts';
import type { AppError } from '../../../shared/problems.ts';
import { dcmtk, eventually, freePort, type StoreScp, startStorescp } from '../../helpers/dcmtk.ts';
import { element, makeStudy, newUid, part10 } from '../../helpers/dicom-maker.ts';
import { type OrthancPeer, startOrthanc } from '../../helpers/orthanc-peer.ts';
import { type Script, type ScriptedScp, startScriptedScp } from '../../helpers/scripted-scp.ts';
import { settingsOf } from '../../helpers/settings-of.ts';

const explicit = '1.2.840.10008.1.2.1';
const realFiles = join(import.meta.dirname, '../../../../shared/dicom');
const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('sender', () => {
  let directory: string;
  const ends: (() => Promise<unknown> | unknown)[] = [];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'gantry-sender-'));
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
    rmSync(directory, { recursive: true, force: true });
  });

  type Values = Parameters<typeof settingsOf>[0];
  /** Sends to a port; results by SOP Instance UID, and the error of the association. */
  async function send(
    port: number,
    files: SendFile[],
    {
      values = {},
      signal,
      aeTitle = 'STORESCP',
      host = '127.0.0.1',
      tls = null,
    }: {
      values?: Values;
      signal?: AbortSignal;
      aeTitle?: string;
      host?: string;
      tls?: { ca?: string; certificate?: string; key?: string } | null;
    } = {},
  ) {
    const results = new Map<string, SendResult>();
    const sender = createSender({ settings: settingsOf({ SEND_TIMEOUT: 5, ...values }), log: createLogHub() });
    const error = await sender
      .send({
        peer: { aeTitle, host, port, tls },
        files,
        ...(signal ? { signal } : {}),
        result(file, result) {
          expect(results.has(file.sopInstanceUid)).toBe(false);
          results.set(file.sopInstanceUid, result);
        },
      })
      .then(() => null)
      .catch(error => error);
    return { results, error, list: files.map(file => results.get(file.sopInstanceUid) ?? null) };
  }
  const made = (instances: number, side?: number): SendFile[] =>
    makeStudy({ directory: join(directory, newUid()), instances, ...(side ? { side } : {}) }).map(
      ({ file, sopClassUid, sopInstanceUid }) => ({ file, sopClassUid, sopInstanceUid, transferSyntaxUid: explicit }),
    );
  const dataSetOf = async (file: string) => readFileSync(file).subarray((await readHeader(file)).dataSetOffset);
  async function scripted(script: Script): Promise<ScriptedScp> {
    const peer = await startScriptedScp(script);
    ends.push(peer.stop);
    return peer;
  }
  async function storescp(more: string[] = [], plain = false): Promise<StoreScp> {
    const peer = await startStorescp(join(directory, 'received'), { more, plain });
    ends.push(peer.stop);
    return peer;
  }

  describe('to DCMTK storescp', () => {
    it('brings every instance, byte by byte as stored', async () => {
      const peer = await storescp();
      const files = made(20, 64);
      const { error, list } = await send(peer.port, files);
      expect(error).toBeNull();
      expect(list).toEqual(files.map(() => ({ status: 0, confirmed: true, problem: null })));
      await eventually(() => peer.received().length === 20, 'files of storescp');
      const sent = await Promise.all(files.map(async ({ file }) => hash(await dataSetOf(file))));
      const there = await Promise.all(
        peer.received().map(async name => hash(await dataSetOf(join(peer.directory, name)))),
      );
      expect(there.sort()).toEqual(sent.sort());
    });

    it.skipIf(!existsSync(realFiles))('brings one image in 15 transfer syntaxes without touching a byte', async () => {
      const peer = await storescp();
      const folder = join(realFiles, 'transfer-syntaxes/ct-one-image-in-15-syntaxes');
      const files: SendFile[] = [];
      for (const name of readdirSync(folder)) {
        const file = join(folder, name);
        const { sopClassUid, sopInstanceUid, transferSyntaxUid } = await readHeader(file);
        files.push({ file, sopClassUid, sopInstanceUid, transferSyntaxUid });
      }
      expect(new Set(files.map(file => file.transferSyntaxUid)).size).toBeGreaterThanOrEqual(14);
      // Of odd length is the deflated one, which goes out with the padding of PS3.5 §A.5.
      const even = (bytes: Buffer) => (bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]));
      const sent = await Promise.all(files.map(async ({ file }) => hash(even(await dataSetOf(file)))));
      const takesAll = await scripted({});
      const retired: string[] = [];
      // All of one UID: sent one by one, so that none overwrites another.
      for (const file of files) {
        const { list } = await send(peer.port, [file]);
        if (list[0]?.problem?.code === 'PEER_ACCEPTS_NOT') retired.push(file.transferSyntaxUid);
        else expect(list[0]?.status, file.transferSyntaxUid).toBe(0);
        await send(takesAll.port, [file]);
      }
      expect(retired.sort()).toEqual(['1.2.840.10008.1.2.4.53', '1.2.840.10008.1.2.4.55', '1.2.840.10008.1.2.4.57']);
      expect(takesAll.received.map(({ dataSet }) => hash(dataSet))).toEqual(sent);
      await eventually(() => peer.received().length === files.length - retired.length, 'files of storescp');
      const there = await Promise.all(
        peer.received().map(async name => hash(await dataSetOf(join(peer.directory, name)))),
      );
      expect(sent).toEqual(expect.arrayContaining(there));
      expect(new Set(there).size).toBe(files.length - retired.length);
    });

    it('names the SOP class and transfer syntax that the peer does not accept, and sends the others', async () => {
      const peer = await storescp([], true);
      const [plain] = made(1);
      const [compressed] = made(1);
      const jpeg = { ...(compressed as SendFile), transferSyntaxUid: '1.2.840.10008.1.2.4.70' };
      const head = part10(jpeg.sopClassUid, jpeg.sopInstanceUid, await dataSetOf(jpeg.file), jpeg.transferSyntaxUid);
      writeFileSync(jpeg.file, head);
      const { error, list } = await send(peer.port, [jpeg, plain as SendFile]);
      expect(error).toBeNull();
      expect(list[1]).toMatchObject({ status: 0, confirmed: true });
      expect(list[0]).toMatchObject({ status: null, confirmed: false, problem: { code: 'PEER_ACCEPTS_NOT' } });
      expect(list[0]?.problem?.title).toContain('CT Image Storage');
      expect(list[0]?.problem?.title).toContain('JPEG Lossless');
    });

    it.each(['--abort-after', '--abort-during'])('does not confirm what %s leaves unanswered', async option => {
      const peer = await storescp([option]);
      const { error, list } = await send(peer.port, made(3, 256));
      expect(error).toMatchObject({ code: 'PEER_ABORTED' });
      expect(list[0]).toMatchObject({ status: null, confirmed: false, problem: { code: 'PEER_ABORTED' } });
      expect(list.slice(1)).toEqual([null, null]);
    });

    it('says why the peer rejects the association', async () => {
      const peer = await storescp(['--refuse']);
      const { error, results } = await send(peer.port, made(1));
      expect(error).toMatchObject({ code: 'PEER_REJECTED' });
      expect(results.size).toBe(0);
    });

    it('sends over TLS to a peer whose certificate it trusts, and to no other', async () => {
      const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
      const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
      const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject];
      const { code } = await dcmtk('openssl', [...request, '-keyout', key, '-out', certificate]);
      expect(code).toBe(0);
      const peer = await storescp(['+tls', key, certificate, '+cf', certificate, '-ic']);
      const trusting = await send(peer.port, made(2), { tls: { ca: certificate, certificate, key } });
      expect(trusting.error).toBeNull();
      expect(trusting.list.every(result => result?.confirmed)).toBe(true);
      const wary = await send(peer.port, made(1), { tls: {} });
      expect(wary.error).toMatchObject({ code: 'PEER_UNREACHABLE' });
      expect((wary.error as AppError).problem.remedy).toContain('not trusted');
      const missing = await send(peer.port, made(1), { tls: { ca: join(directory, 'none.pem') } });
      expect(missing.error).toMatchObject({ code: 'TLS_FILE_UNREADABLE' });
      writeFileSync(join(directory, 'junk.pem'), 'no certificate');
      const junk = await send(peer.port, made(1), { tls: { certificate: join(directory, 'junk.pem') } });
      expect(junk.error).toMatchObject({ code: 'TLS_FILE_UNREADABLE' });
    });
  });

  describe('to Orthanc', () => {
    let orthanc: OrthancPeer;
    it('leaves every instance there, with the same pixels', { timeout: 90_000 }, async () => {
      orthanc = await startOrthanc(join(directory, 'orthanc'));
      ends.push(() => orthanc.stop());
      const files = made(12, 128);
      const { error, list } = await send(orthanc.dicomPort, files, {
        aeTitle: 'ORTHANC',
        values: { SEND_ASSOCIATIONS: 3 },
      });
      expect(error).toBeNull();
      expect(list.every(result => result?.status === 0)).toBe(true);
      expect(await orthanc.count()).toBe(12);
      for (const file of files) {
        const copy = join(directory, 'copy.dcm');
        writeFileSync(copy, await orthanc.fileOf(file.sopInstanceUid));
        const pixels = (bytes: Buffer) => hash(bytes.subarray(-128 * 128 * 2));
        expect(pixels(await dataSetOf(copy))).toBe(pixels(await dataSetOf(file.file)));
      }
    });
  });

  describe('answers', () => {
    const statuses: [status: number, confirmed: boolean, words: string][] = [
      [0x0000, true, ''],
      [0xb000, true, ''],
      [0xb006, true, ''],
      [0xb007, true, ''],
      [0xa700, false, 'answered 0xA700: Refused: out of resources'],
      [0xa9ff, false, 'answered 0xA9FF: Error: data set does not match SOP class'],
      [0xc001, false, 'answered 0xC001: Error: cannot understand'],
      [0x0110, false, 'answered 0x0110: Processing failure'],
      [0x0111, false, 'answered 0x0111: Duplicate SOP instance'],
      [0x0122, false, 'answered 0x0122: SOP class not supported'],
      [0xb123, false, 'answered 0xB123: Warning'],
      [0xff00, false, 'answered 0xFF00'],
    ];
    it('confirm only when they say that the instance is stored, and are kept in words', async () => {
      const peer = await scripted({ reply: index => statuses[index]?.[0] ?? 0 });
      const { error, list } = await send(peer.port, made(statuses.length));
      expect(error).toBeNull();
      for (const [index, [status, confirmed, words]] of statuses.entries()) {
        expect(list[index]).toMatchObject({ status, confirmed });
        expect(list[index]?.problem?.title ?? '').toContain(words);
      }
    });

    it('to another message confirm nothing', async () => {
      const peer = await scripted({ reply: index => (index === 1 ? 'wrong-message' : 0) });
      const { error, list } = await send(peer.port, made(3));
      expect(error).toMatchObject({ code: 'PEER_ABORTED' });
      expect(list.map(result => result?.confirmed ?? null)).toEqual([true, false, null]);
    });

    it('before the instance is there confirm nothing', async () => {
      const peer = await scripted({ reply: () => 'early-success' });
      const { error, list } = await send(peer.port, made(1, 4096));
      expect(error).toMatchObject({ code: 'PEER_ABORTED' });
      expect(list[0]).toMatchObject({ confirmed: false });
    });

    const endings = [
      ['abort', 'PEER_ABORTED', /unrecognized PDU/],
      ['drop', 'PEER_ABORTED', /closed the connection/],
      ['nonsense', 'PEER_ABORTED', /broke the protocol/],
      ['release', 'PEER_ABORTED', /released the association/],
      ['hang', 'PEER_TIMED_OUT', /load of the peer/],
    ] as const;
    it.each(endings)('%s leaves the rest untried', async (reply, code, words) => {
      const peer = await scripted({ reply: index => (index === 2 ? reply : 0) });
      const { error, list } = await send(peer.port, made(5), { values: { SEND_TIMEOUT: 1 } });
      expect(error).toMatchObject({ code });
      expect((error as AppError).problem.remedy).toMatch(words);
      expect(list.map(result => result?.confirmed ?? null)).toEqual([true, true, false, null, null]);
      expect(list[2]).toMatchObject({ status: null, problem: { code } });
      if (reply === 'hang') await eventually(() => peer.ends.includes('abort'), 'the peer is told', 2000);
    });
  });

  describe('associations', () => {
    const reasons = [
      [1, 1, 'no reason given'],
      [1, 2, 'application context not supported'],
      [1, 3, 'calling AE title not recognized'],
      [1, 7, 'called AE title not recognized'],
      [2, 1, 'no reason given by its association layer'],
      [2, 2, 'protocol version not supported'],
      [3, 1, 'temporary congestion'],
      [3, 2, 'local limit exceeded'],
    ] as const;
    it.each(reasons)('rejected with source %d, reason %d say "%s"', async (source, reason, words) => {
      const peer = await scripted({ reject: { result: source === 3 ? 2 : 1, source, reason } });
      const { error } = await send(peer.port, made(1));
      expect(error).toMatchObject({ code: 'PEER_REJECTED' });
      expect((error as AppError).problem.remedy).toContain(words);
      expect((error as AppError).problem.remedy).toContain(source === 3 ? 'transient' : 'permanent');
    });

    it('fail in words where there is no peer', async () => {
      const port = await freePort();
      const [file] = made(1) as [SendFile];
      const refused = await send(port, [file]);
      expect((refused.error as AppError).problem).toMatchObject({ code: 'PEER_UNREACHABLE' });
      expect((refused.error as AppError).problem.remedy).toContain('refused');
      const named = await send(port, [file], { host: 'localhost' });
      expect((named.error as AppError).problem.remedy).toContain('refused');
      const unknown = await send(port, [file], { host: 'no-such-host.invalid' });
      expect((unknown.error as AppError).problem.remedy).toMatch(/not known|name server/);
      expect((unknown.error as AppError).problem.title).toBe(`STORESCP@no-such-host.invalid:${port} does not answer`);
    });

    it('time out where nobody speaks', async () => {
      const peer = await scripted({ mute: true });
      const { error } = await send(peer.port, made(1), { values: { SEND_TIMEOUT: 1 } });
      expect(error).toMatchObject({ code: 'PEER_TIMED_OUT', params: { seconds: 1 } });
    });

    it('keep to the longest PDU of the peer, and to a sane one where it has no limit', async () => {
      for (const [maxPduLength, most] of [
        [128, 128],
        [4097, 4097],
        [16384, 16384],
        [0, 256 * 1024],
        [2 ** 31, 256 * 1024],
      ] as const) {
        const peer = await scripted({ maxPduLength });
        const [file] = made(1, 400) as [SendFile];
        const { list } = await send(peer.port, [file]);
        expect(list[0]).toMatchObject({ confirmed: true });
        expect(hash((peer.received[0] as { dataSet: Buffer }).dataSet)).toBe(hash(await dataSetOf(file.file)));
        expect(peer.longestPdu()).toBeLessThanOrEqual(most);
        expect(peer.longestPdu()).toBeGreaterThan(most - 12);
      }
    });

    it('are as many at once as the setting says', async () => {
      const peer = await scripted({});
      await send(peer.port, made(40, 256), { values: { SEND_ASSOCIATIONS: 4 } });
      expect(peer.requests).toHaveLength(4);
      expect(peer.received).toHaveLength(40);
    });

    it('are more than one when there are more than 128 presentation contexts', async () => {
      const peer = await scripted({});
      const files = Array.from({ length: 300 }, (_, index) => {
        const [sopClassUid, sopInstanceUid] = [`1.2.3.${index % 150}`, newUid()];
        const file = join(directory, `${index}.dcm`);
        const data = Buffer.concat([
          element('00080016', 'UI', sopClassUid),
          element('00080018', 'UI', sopInstanceUid),
          element('00100020', 'LO', 'P'),
        ]);
        writeFileSync(file, part10(sopClassUid, sopInstanceUid, data));
        return { file, sopClassUid, sopInstanceUid, transferSyntaxUid: explicit };
      });
      const { error, list } = await send(peer.port, files);
      expect(error).toBeNull();
      expect(list.every(result => result?.confirmed)).toBe(true);
      expect(peer.requests.map(request => request.contexts.length)).toEqual([128, 22]);
      for (const request of peer.requests)
        expect(request.contexts.every(context => context.id % 2 === 1 && context.id < 256)).toBe(true);
    });

    it('do not use a context that was accepted in another transfer syntax', async () => {
      const peer = await scripted({ context: () => '1.2.840.10008.1.2' });
      const { list } = await send(peer.port, made(1));
      expect(list[0]).toMatchObject({ confirmed: false, problem: { code: 'PEER_ACCEPTS_NOT' } });
      expect(peer.received).toEqual([]);
    });

    it('end in order, also with a peer that does not answer the release', async () => {
      const peer = await scripted({ neverReleases: true });
      const { error, list } = await send(peer.port, made(1));
      expect(error).toBeNull();
      expect(list[0]).toMatchObject({ confirmed: true });
      expect(peer.ends).toEqual(['release']);
    });

    it('are aborted when we stop, and what had no answer stays unconfirmed', async () => {
      const peer = await scripted({ reply: index => (index === 1 ? 'hang' : 0) });
      const controller = new AbortController();
      const sending = send(peer.port, made(3), { signal: controller.signal });
      await eventually(() => peer.received.length === 2, 'the second instance');
      const began = performance.now();
      controller.abort(new Error('stop'));
      const { error, list } = await sending;
      expect(performance.now() - began).toBeLessThan(1000);
      expect(error).toMatchObject({ message: 'stop' });
      expect(list.map(result => result?.confirmed ?? null)).toEqual([true, null, null]);
      await eventually(() => peer.ends.includes('abort'), 'the abort', 2000);
    });
  });

  describe('files', () => {
    it('that cannot be read do not keep the others', async () => {
      const peer = await scripted({});
      const files = made(6) as [SendFile, SendFile, SendFile, SendFile, SendFile, SendFile];
      rmSync(files[0].file);
      writeFileSync(files[2].file, readFileSync(files[3].file));
      writeFileSync(files[4].file, part10(files[4].sopClassUid, files[4].sopInstanceUid, Buffer.alloc(0)));
      files.push({ ...(made(1)[0] as SendFile), sopClassUid: '1.2\n3', sopInstanceUid: newUid() });
      const { error, list } = await send(peer.port, files);
      expect(error).toBeNull();
      expect(list.map(result => result?.confirmed)).toEqual([false, true, false, true, false, true, false]);
      expect(list.map(result => result?.problem?.code)).toEqual([
        'FILE_UNREADABLE',
        undefined,
        'FILE_UNREADABLE',
        undefined,
        'NOT_DICOM',
        undefined,
        'NOT_DICOM',
      ]);
    });

    it('that become shorter while they are sent do not count as sent, and the rest goes over a new association', async () => {
      const files = made(3, 2048) as [SendFile, SendFile, SendFile];
      const whole = readFileSync(files[1].file);
      const peer = await scripted({
        reply(index) {
          return index < 0 ? 'hang' : 0;
        },
      });
      // Cut between the look at its size and the reading of its end: the peer holds up the bytes.
      const sending = send(peer.port, files, { values: { SEND_TIMEOUT: 20 } });
      await eventually(() => peer.requests.length > 0, 'the association');
      truncateSync(files[1].file, Math.floor(whole.length / 2));
      const { error, list } = await sending;
      expect(error).toBeNull();
      expect(list[0]).toMatchObject({ confirmed: true });
      expect(list[2]).toMatchObject({ confirmed: true });
      // A header alone does not show that the pixels are cut: what is there is sent, or it is found out on the way.
      const second = list[1];
      if (second?.confirmed) expect(peer.received[1]?.dataSet.length).toBeLessThan(whole.length);
      else expect(second?.problem?.code).toBe('FILE_UNREADABLE');
    });

    it('of 200 MB go in pieces', { timeout: 120_000 }, async () => {
      const peer = await storescp();
      const [file] = made(1) as [SendFile];
      const head = await dataSetOf(file.file);
      const small = head.subarray(0, head.length - 12 - 16 * 16 * 2);
      const pixels = Buffer.alloc(12 + 200 * 2 ** 20, 7);
      element('7FE00010', 'OW', Buffer.alloc(0)).copy(pixels);
      pixels.writeUInt32LE(200 * 2 ** 20, 8);
      writeFileSync(file.file, part10(file.sopClassUid, file.sopInstanceUid, Buffer.concat([small, pixels])));
      const before = process.memoryUsage();
      let most = 0;
      const watch = setInterval(() => {
        const now = process.memoryUsage();
        most = Math.max(most, now.external + now.heapUsed - before.external - before.heapUsed);
      }, 5);
      const { error, list } = await send(peer.port, [file], { values: { SEND_TIMEOUT: 60 } });
      clearInterval(watch);
      expect(error).toBeNull();
      expect(list[0]).toMatchObject({ confirmed: true });
      expect(most).toBeLessThan(64 * 2 ** 20);
      const [name] = peer.received() as [string];
      expect(hash(await dataSetOf(join(peer.directory, name)))).toBe(hash(await dataSetOf(file.file)));
    });
  });
});
