import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { commandField, encodeCommandSet } from '../../../electron/core/dicom/command-set.ts';
import { encodePData, encodePdu } from '../../../electron/core/dicom/pdu-encode.ts';
import { dcmtk, echoscu, eventually, freePort, storescu } from '../../helpers/dcmtk.ts';
import { makeStudy } from '../../helpers/dicom-maker.ts';
import { type Receiver, type ReceiverOrder, startReceiver } from '../../helpers/receiver.ts';
import { request, type ScriptedPeer, scriptedPeer, storeRequest } from '../../helpers/scripted-peer.ts';

const directory = mkdtempSync(join(tmpdir(), 'gantry-listener-'));
const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function receiver(order: ReceiverOrder = {}): Promise<Receiver> {
  const started = await startReceiver(order);
  ends.push(started.stop);
  return started;
}
async function peer(port: number): Promise<ScriptedPeer> {
  const connected = await scriptedPeer(port);
  ends.push(connected.close);
  return connected;
}
const ct = '1.2.840.10008.5.1.4.1.1.2';
const verification = { id: 1, abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] };
const storage = { id: 3, abstractSyntax: ct, transferSyntaxes: ['1.2.840.10008.1.2.1'] };
const echo = encodeCommandSet({
  commandField: commandField.cEchoRq,
  messageId: 9,
  affectedSopClassUid: '1.2.840.10008.1.1',
  hasDataSet: false,
});
const lines = ({ log }: Receiver) => log.recent(100).map(item => item.line);

describe('C-ECHO', () => {
  it('answers DCMTK', async () => {
    const { port } = await receiver();
    expect(await echoscu(port)).toEqual({ code: 0, output: '' });
  });

  it('answers a peer whose bytes come one by one', async () => {
    const { port } = await receiver();
    const { send, next } = await peer(port);
    for (const byte of encodePdu(request([verification]))) send(Buffer.from([byte]));
    expect(await next()).toMatchObject({ type: 'associate-ac', contexts: [{ id: 1, result: 0 }] });
    for (const byte of encodePData(1, true, echo, 0)) send(Buffer.from([byte]));
    expect(await next()).toMatchObject({ commandField: 0x8030, messageIdBeingRespondedTo: 9, status: 0 });
    send(encodePdu({ type: 'release-rq' }));
    expect(await next()).toEqual({ type: 'release-rp' });
    expect(await next()).toBe('closed');
  });

  it('answers a thousand echoes that nobody waited for', async () => {
    const { port } = await receiver();
    const scripted = await peer(port);
    await scripted.associate([verification]);
    scripted.send(Buffer.concat(Array.from({ length: 1000 }, () => encodePData(1, true, echo, 0))));
    for (let count = 0; count < 1000; count++) expect(await scripted.next()).toMatchObject({ status: 0 });
  });
});

describe('association policy', () => {
  it.each([
    ['called AE title', { CALLED_AE_TITLES: ['OTHER'] }, 'Called AE Title Not Recognized'],
    ['calling AE title', { CALLING_AE_TITLES: ['OTHER'] }, 'Calling AE Title Not Recognized'],
    ['host', { CALLING_HOSTS: ['10.1.1.1'] }, 'Calling AE Title Not Recognized'],
  ])('rejects a wrong %s, and says so in the log', async (_, settings, words) => {
    const started = await receiver({ settings });
    const { code, output } = await echoscu(started.port);
    expect(code).not.toBe(0);
    expect(output).toContain(words);
    expect(lines(started).at(-1)).toMatch(/rejected: .* is not in [A-Z_]+/);
  });

  it('accepts what is allowed, from the next association on', async () => {
    const started = await receiver({ settings: { CALLED_AE_TITLES: ['OTHER'] } });
    started.settings.CALLED_AE_TITLES = ['GANTRY'];
    started.settings.CALLING_AE_TITLES = ['ECHOSCU'];
    started.settings.CALLING_HOSTS = ['127.0.0.0/8'];
    expect((await echoscu(started.port)).code).toBe(0);
  });

  it('rejects more associations than the setting, as transient, and serves the next one when there is a place', async () => {
    const started = await receiver({ settings: { MAX_ASSOCIATIONS: 2 } });
    const [first, second, third] = [await peer(started.port), await peer(started.port), await peer(started.port)];
    expect(await first.associate([verification])).toMatchObject({ type: 'associate-ac' });
    expect(await second.associate([verification])).toMatchObject({ type: 'associate-ac' });
    expect(started.listener.status().openAssociations).toBe(2);
    expect(await third.associate([verification])).toEqual({ type: 'associate-rj', result: 2, source: 3, reason: 2 });
    await first.release();
    await eventually(() => started.listener.status().openAssociations === 1, 'a place');
    const fourth = await peer(started.port);
    expect(await fourth.associate([verification])).toMatchObject({ type: 'associate-ac' });
  });

  it('answers each presentation context on its own', async () => {
    const { port } = await receiver();
    const { associate } = await peer(port);
    const find = { id: 5, abstractSyntax: '1.2.840.10008.5.1.4.1.2.2.1', transferSyntaxes: ['1.2.840.10008.1.2'] };
    const none = { id: 7, abstractSyntax: ct, transferSyntaxes: [] };
    const answer = await associate([verification, storage, find, none]);
    expect(answer).toMatchObject({ type: 'associate-ac', callingAe: 'SCRIPTED', user: { maxPduLength: 262144 } });
    expect(answer).toMatchObject({
      contexts: [
        { id: 1, result: 0 },
        { id: 3, result: 0, transferSyntax: '1.2.840.10008.1.2.1' },
        { id: 5, result: 3 },
        { id: 7, result: 4 },
      ],
    });
  });
});

describe('a peer that breaks the protocol', () => {
  const head = (type: number, length: number) => {
    const bytes = Buffer.alloc(6);
    bytes[0] = type;
    bytes.writeUInt32BE(length, 2);
    return bytes;
  };
  const data = (context: number, command: boolean, value: Buffer) => encodePData(context, command, value, 0);
  const longCommand = () =>
    Buffer.concat(
      Array.from({ length: 3 }, () => {
        const bytes = data(3, true, Buffer.alloc(30_000));
        bytes[11] = 1;
        return bytes;
      }),
    );
  it.each<[string, Buffer, number, RegExp]>([
    ['an unknown PDU', head(0x55, 10), 1, /unknown/],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 1, /unknown/],
    ['a second A-ASSOCIATE-RQ', encodePdu(request([verification])), 2, /ASSOCIATE-RQ came while/],
    ['an A-ASSOCIATE-AC', encodePdu({ ...request([]), type: 'associate-ac', contexts: [] }), 2, /ASSOCIATE-AC came/],
    ['an A-RELEASE-RP nobody asked for', encodePdu({ type: 'release-rp' }), 2, /RELEASE-RP came/],
    ['a PDU of 4 GB', head(4, 0xffffffff), 6, /claims 4294967295 bytes/],
    ['a context that was not accepted', data(9, true, echo), 6, /context 9 was not accepted/],
    ['a data set without a command', data(3, false, Buffer.alloc(10)), 5, /without its command/],
    [
      'a command inside a data set',
      Buffer.concat([data(3, true, storeRequest(ct, '1.2')), data(3, true, echo)]),
      5,
      /inside a data set/,
    ],
    ['a command of 90 KB', longCommand(), 6, /longer than 65536/],
    ['a command that is none', data(3, true, Buffer.from('no command at all')), 6, /command/],
    [
      'a response nobody asked for',
      data(3, true, encodeCommandSet({ commandField: 0x8001, hasDataSet: false, status: 0 })),
      5,
      /response/,
    ],
  ])('is aborted for %s', async (_, bytes, reason, words) => {
    const started = await receiver();
    const scripted = await peer(started.port);
    await scripted.associate([verification, storage]);
    scripted.send(bytes);
    expect(await scripted.next()).toEqual({ type: 'abort', source: 2, reason });
    scripted.close();
    await eventually(() => lines(started).some(line => words.test(line)), 'a line that says what happened');
    expect(await echoscu(started.port)).toEqual({ code: 0, output: '' });
  });

  it('is aborted for data before it asked for an association', async () => {
    const { port } = await receiver();
    const { send, next } = await peer(port);
    send(data(1, true, echo));
    expect(await next()).toEqual({ type: 'abort', source: 2, reason: 2 });
  });

  it('is told that an operation is not known', async () => {
    const { port } = await receiver();
    const { associate, send, next } = await peer(port);
    await associate([storage]);
    const find = encodeCommandSet({ commandField: 0x0020, messageId: 4, affectedSopClassUid: ct, hasDataSet: true });
    send(Buffer.concat([data(3, true, find), data(3, false, Buffer.alloc(100))]));
    expect(await next()).toMatchObject({ commandField: 0x8020, messageIdBeingRespondedTo: 4, status: 0x0211 });
    send(
      data(3, true, encodeCommandSet({ commandField: 1, messageId: 5, affectedSopClassUid: ct, hasDataSet: false })),
    );
    expect(await next()).toMatchObject({ commandField: 0x8001, status: 0xc000 });
  });

  it('is let go after ARTIM when it asks for nothing, and after the idle time when it falls silent', async () => {
    const started = await receiver({ artimMs: 300, settings: { IDLE_TIMEOUT: 1 } });
    const [dumb, silent] = [await peer(started.port), await peer(started.port)];
    await silent.associate([verification]);
    expect(await dumb.next()).toMatchObject({ type: 'abort', source: 2 });
    expect(await silent.next()).toMatchObject({ type: 'abort', source: 2 });
    await eventually(() => lines(started).some(line => line.includes('timed-out (silent for 1 s)')), 'a line');
    await eventually(() => started.listener.status().openAssociations === 0, 'the place back');
  });

  it('does not fill our memory by not reading', async () => {
    const started = await receiver();
    const scripted = await peer(started.port);
    await scripted.associate([verification]);
    scripted.socket.pause();
    const flood = Buffer.concat(Array.from({ length: 1000 }, () => data(1, true, echo)));
    const before = process.memoryUsage().rss;
    let sent = 0;
    for (let count = 0; count < 600; count++) {
      if (scripted.socket.writableLength > 8 * 2 ** 20) break;
      scripted.send(flood);
      sent++;
      if (count % 20 === 19) await new Promise(resolve => setTimeout(resolve, 5));
    }
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(scripted.socket.writableLength).toBeGreaterThan(0);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20);
    expect(sent).toBeGreaterThan(0);
    expect((await echoscu(started.port)).code).toBe(0);
  });
});

describe('start and stop', () => {
  it('names a port that is taken', async () => {
    const server = createServer();
    const port = await new Promise<number>(resolve =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
    );
    ends.push(() => void server.close());
    await expect(startReceiver({ settings: { DICOM_PORT: port } })).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      params: { port },
    });
  });

  it('ends associations when it stops, within a second', async () => {
    const started = await startReceiver();
    const scripted = await peer(started.port);
    await scripted.associate([storage]);
    scripted.send(encodePData(3, true, storeRequest(ct, '1.2.3'), 0));
    const start = performance.now();
    await started.stop();
    expect(performance.now() - start).toBeLessThan(1000);
    expect(await scripted.next()).toMatchObject({ type: 'abort', source: 2 });
    expect(started.listener.status()).toMatchObject({ listening: false, openAssociations: 0 });
  });
});

describe('TLS', () => {
  async function certificate(name: string): Promise<{ key: string; cert: string }> {
    const [key, cert] = [join(directory, `${name}-key.pem`), join(directory, `${name}-cert.pem`)];
    const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
    const words = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      ...subject,
      '-keyout',
      key,
      '-out',
      cert,
    ];
    expect((await dcmtk('openssl', words)).code).toBe(0);
    return { key, cert };
  }

  it('serves a second port, and with a client CA only those it knows', { timeout: 60_000 }, async () => {
    const [server, client, stranger] = [
      await certificate('server'),
      await certificate('client'),
      await certificate('stranger'),
    ];
    const tlsPort = await freePort();
    const settings = { TLS_PORT: tlsPort, TLS_CERTIFICATE: server.cert, TLS_KEY: server.key };
    const open = await startReceiver({ settings });
    expect(open.listener.status().tlsPort).toBe(tlsPort);
    const trust = ['+cf', server.cert];
    const files = makeStudy({ directory: join(directory, 'tls'), instances: 1 }).map(({ file }) => file);
    expect((await echoscu(tlsPort, 'GANTRY', ['+tla', ...trust])).code).toBe(0);
    expect((await storescu(tlsPort, files, { more: ['+tla', ...trust] })).code).toBe(0);
    expect((await echoscu(open.port)).code).toBe(0);
    expect(open.landed).toHaveLength(1);
    expect(open.db.prepare('SELECT tls FROM associations').get()).toEqual({ tls: 1 });
    await open.stop();

    const strict = await receiver({ settings: { ...settings, TLS_CLIENT_CA: client.cert } });
    expect((await echoscu(tlsPort, 'GANTRY', ['+tls', client.key, client.cert, ...trust])).code).toBe(0);
    expect((await echoscu(tlsPort, 'GANTRY', ['+tls', stranger.key, stranger.cert, ...trust])).code).not.toBe(0);
    expect((await echoscu(tlsPort, 'GANTRY', ['+tla', ...trust])).code).not.toBe(0);
    expect((await echoscu(tlsPort, 'GANTRY')).code).not.toBe(0);
    expect(lines(strict).some(line => line.startsWith('TLS connection from 127.0.0.1 refused'))).toBe(true);
  });

  it('names the file that cannot be used', async () => {
    const junk = join(directory, 'junk.pem');
    writeFileSync(junk, 'no certificate');
    const settings = { TLS_PORT: await freePort(), TLS_CERTIFICATE: junk, TLS_KEY: join(directory, 'none.pem') };
    await expect(startReceiver({ settings })).rejects.toMatchObject({
      code: 'TLS_FILE_UNREADABLE',
      params: { path: junk },
    });
  });
});
