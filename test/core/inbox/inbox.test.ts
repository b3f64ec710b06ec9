import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { readHeader } from '../../../electron/core/dicom/index.ts';
import { encodePData, encodePdu } from '../../../electron/core/dicom/pdu-encode.ts';
import { dcmtk, eventually, storescu } from '../../helpers/dcmtk.ts';
import { element, makeStudy, newUid } from '../../helpers/dicom-maker.ts';
import { type Receiver, type ReceiverOrder, startReceiver } from '../../helpers/receiver.ts';
import { type ScriptedPeer, type StoredBytes, scriptedPeer, storeRequest } from '../../helpers/scripted-peer.ts';

const directory = mkdtempSync(join(tmpdir(), 'gantry-inbox-'));
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
const ct = '1.2.840.10008.5.1.4.1.1.2';
const storage = { id: 3, abstractSyntax: ct, transferSyntaxes: ['1.2.840.10008.1.2.1'] };
async function peer(port: number): Promise<ScriptedPeer> {
  const connected = await scriptedPeer(port);
  ends.push(connected.close);
  await connected.associate([storage]);
  return connected;
}
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

interface Parts {
  sop?: string | null;
  sopClass?: string | null;
  study?: string | null;
  series?: string | null;
  pixels?: Buffer;
  announced?: string;
}
/** A small data set; null leaves an element out. */
function instance({
  sop = newUid(),
  sopClass = ct,
  study = '1.2.3',
  series = '1.2.3.4',
  pixels = Buffer.alloc(64),
  announced,
}: Parts = {}): StoredBytes {
  const ui = (tag: string, value: string | null) => (value === null ? Buffer.alloc(0) : element(tag, 'UI', value));
  const dataSet = Buffer.concat([
    ui('00080016', sopClass),
    ui('00080018', sop),
    element('00080060', 'CS', 'CT'),
    element('00100010', 'PN', 'Doe^Jane'),
    ui('0020000D', study),
    ui('0020000E', series),
    element('7FE00010', 'OW', pixels),
  ]);
  return { sopClassUid: ct, sopInstanceUid: announced ?? sop ?? '1.2', dataSet };
}
const files = ({ directory: data }: Receiver) => {
  const names = readdirSync(join(data, 'instances'), { recursive: true }) as string[];
  return names.filter(name => name.endsWith('.dcm'));
};
const parts = ({ directory: data }: Receiver) => readdirSync(join(data, 'incoming'));
const rows = ({ db }: Receiver) =>
  db
    .prepare<
      [],
      {
        sop_instance_uid: string;
        version: number;
        path: string;
        data_set_offset: number;
        bytes: number;
        sha256: Buffer;
      }
    >('SELECT * FROM instances ORDER BY id')
    .all();
const association = ({ db }: Receiver, id = 1) =>
  db.prepare('SELECT stored, duplicates, conflicts, refused, outcome, reason FROM associations WHERE id = ?').get(id);

describe('a received instance', () => {
  it('is a Part 10 file whose data set is what came over the wire, with a row that says where', async () => {
    const started = await receiver();
    const scripted = await peer(started.port);
    const sent = instance({ pixels: Buffer.alloc(300_001 * 2, 7) });
    expect(await scripted.store(3, sent)).toMatchObject({
      commandField: 0x8001,
      status: 0,
      affectedSopInstanceUid: sent.sopInstanceUid,
    });
    const [row] = rows(started);
    const file = readFileSync(join(started.directory, row?.path ?? ''));
    expect(file.toString('latin1', 128, 132)).toBe('DICM');
    expect(sha256(file.subarray(row?.data_set_offset))).toBe(sha256(sent.dataSet));
    expect(row).toMatchObject({
      bytes: sent.dataSet.length,
      version: 1,
      sha256: Buffer.from(sha256(sent.dataSet), 'hex'),
    });
    expect(await readHeader(join(started.directory, row?.path ?? ''))).toMatchObject({
      dataSetOffset: row?.data_set_offset,
      sopInstanceUid: sent.sopInstanceUid,
    });
    expect((await dcmtk('dcmftest', [join(started.directory, row?.path ?? '')])).output).toMatch(/^yes/);
    expect(started.landed).toMatchObject([
      { sopInstanceUid: sent.sopInstanceUid, outcome: 'stored', associationId: 1, path: row?.path },
    ]);
    expect(parts(started)).toEqual([]);
    await scripted.release();
    await eventually(() => started.ended.length > 0, 'the end');
    expect(association(started)).toEqual({
      stored: 1,
      duplicates: 0,
      conflicts: 0,
      refused: 0,
      outcome: 'released',
      reason: null,
    });
  });

  it('is counted in its series and study', async () => {
    const started = await receiver();
    const made = makeStudy({
      directory: join(directory, 'counted'),
      instances: 5,
      patientName: 'Müller^Jürgen',
      patientId: 'P7',
    });
    expect((await storescu(started.port, [join(directory, 'counted')])).code).toBe(0);
    expect(started.db.prepare('SELECT * FROM studies').get()).toMatchObject({
      study_instance_uid: made[0]?.studyInstanceUid,
      patient_name: 'Müller^Jürgen',
      patient_id: 'P7',
      modalities: 'CT',
      series_count: 1,
      instance_count: 5,
    });
    expect(started.db.prepare('SELECT * FROM series').get()).toMatchObject({
      instance_count: 5,
      modality: 'CT',
      series_number: '1',
    });
  });

  it.each([
    ['no study and no series', { study: null, series: null }, '1.2.3.9', '1.2.3.9'],
    ['an empty study', { study: '', series: '1.2.3.8' }, '1.2.3.8', '1.2.3.8'],
    ['an empty series', { study: '1.2.3.7', series: '' }, '1.2.3.7', '1.2.3.9'],
  ])('with %s stands for them itself, as palettes and hanging protocols do', async (_, order, study, series) => {
    const started = await receiver();
    const scripted = await peer(started.port);
    expect(await scripted.store(3, instance({ sop: '1.2.3.9', ...order }))).toMatchObject({ status: 0 });
    expect(started.landed).toMatchObject([{ studyInstanceUid: study, seriesInstanceUid: series }]);
  });

  it('comes in many associations at once, and none is mixed up', { timeout: 60_000 }, async () => {
    const started = await receiver({ settings: { MAX_ASSOCIATIONS: 40 } });
    const peers = await Promise.all(Array.from({ length: 36 }, () => peer(started.port)));
    const sent = await Promise.all(
      peers.map(async (scripted, index) => {
        const own = Array.from({ length: 4 }, (_, part) =>
          instance({ pixels: Buffer.alloc(200_000 + index * 2, index * 4 + part) }),
        );
        for (const item of own) expect(await scripted.store(3, item)).toMatchObject({ status: 0 });
        await scripted.release();
        return own;
      }),
    );
    const hashes = sent.flat().map(item => sha256(item.dataSet));
    expect(
      rows(started)
        .map(row => row.sha256.toString('hex'))
        .sort(),
    ).toEqual(hashes.sort());
    for (const row of rows(started)) {
      expect(sha256(readFileSync(join(started.directory, row.path)).subarray(row.data_set_offset))).toBe(
        row.sha256.toString('hex'),
      );
    }
    await eventually(() => started.ended.length === 36, 'all ends');
  });

  it('may come before the answer to the one before it', async () => {
    const started = await receiver();
    const scripted = await peer(started.port);
    const sent = Array.from({ length: 40 }, () => instance({ pixels: Buffer.alloc(2000) }));
    for (const { sopInstanceUid, dataSet } of sent) {
      scripted.send(
        Buffer.concat([encodePData(3, true, storeRequest(ct, sopInstanceUid), 0), encodePData(3, false, dataSet, 0)]),
      );
    }
    const answered = new Set<unknown>();
    for (let count = 0; count < sent.length; count++) {
      const answer = await scripted.next();
      expect(answer).toMatchObject({ status: 0 });
      answered.add((answer as { affectedSopInstanceUid?: string }).affectedSopInstanceUid);
    }
    expect(answered).toEqual(new Set(sent.map(item => item.sopInstanceUid)));
    scripted.send(encodePdu({ type: 'release-rq' }));
    expect(await scripted.next()).toEqual({ type: 'release-rp' });
    expect(rows(started)).toHaveLength(40);
  });
});

describe('the same SOP Instance UID again', () => {
  it('is a duplicate when the bytes are the same', async () => {
    const started = await receiver();
    const scripted = await peer(started.port);
    const sent = instance();
    for (let count = 0; count < 3; count++) expect(await scripted.store(3, sent)).toMatchObject({ status: 0 });
    expect(rows(started)).toHaveLength(1);
    expect(files(started)).toHaveLength(1);
    expect(started.landed.map(item => [item.id, item.outcome])).toEqual([
      [1, 'stored'],
      [1, 'duplicate'],
      [1, 'duplicate'],
    ]);
    expect(started.landed[2]?.path).toBe(started.landed[0]?.path);
    expect(association(started)).toMatchObject({ stored: 1, duplicates: 2 });
    expect(started.db.prepare('SELECT instance_count FROM studies').get()).toEqual({ instance_count: 1 });
  });

  it('is another version, and a conflict, when they differ', async () => {
    const started = await receiver();
    const scripted = await peer(started.port);
    const [first, second] = [instance({ sop: '1.2.3.5' }), instance({ sop: '1.2.3.5', pixels: Buffer.alloc(64, 1) })];
    for (const item of [first, second, first, second])
      expect(await scripted.store(3, item)).toMatchObject({ status: 0 });
    expect(rows(started).map(row => [row.version, row.sha256.toString('hex')])).toEqual([
      [1, sha256(first.dataSet)],
      [2, sha256(second.dataSet)],
    ]);
    expect(started.landed.map(item => item.outcome)).toEqual(['stored', 'conflict', 'duplicate', 'duplicate']);
    expect(files(started)).toHaveLength(2);
    expect(association(started)).toMatchObject({ stored: 1, duplicates: 2, conflicts: 1 });
    expect(started.db.prepare('SELECT instance_count, bytes FROM studies').get()).toEqual({
      instance_count: 1,
      bytes: 2 * first.dataSet.length,
    });
  });

  it('is never overwritten, also when both come at once', async () => {
    const started = await receiver();
    const peers = await Promise.all(Array.from({ length: 8 }, () => peer(started.port)));
    const variants = peers.map((_, index) => instance({ sop: '1.2.3.6', pixels: Buffer.alloc(50_000, index % 4) }));
    await Promise.all(peers.map((scripted, index) => scripted.store(3, variants[index] as StoredBytes)));
    expect(rows(started).map(row => row.version)).toEqual([1, 2, 3, 4]);
    expect(new Set(rows(started).map(row => row.sha256.toString('hex'))).size).toBe(4);
    expect(files(started)).toHaveLength(4);
    expect(started.landed.filter(item => item.outcome === 'duplicate')).toHaveLength(4);
  });

  it('takes the place of a file that was lost from the disk', async () => {
    const started = await receiver();
    const scripted = await peer(started.port);
    const sent = instance();
    await scripted.store(3, sent);
    rmSync(join(started.directory, rows(started)[0]?.path ?? ''));
    expect(await scripted.store(3, sent)).toMatchObject({ status: 0 });
    expect(rows(started)).toHaveLength(1);
    expect(existsSync(join(started.directory, rows(started)[0]?.path ?? ''))).toBe(true);
  });
});

describe('an instance that cannot be kept', () => {
  it.each<[string, Parts, number, string]>([
    ['no SOPInstanceUID', { sop: null, announced: '1.2' }, 0xc000, 'SOPInstanceUID is missing'],
    ['no SOPClassUID', { sopClass: null }, 0xc000, 'SOPClassUID is missing'],
    ['an empty SOPInstanceUID', { sop: '', announced: '1.2' }, 0xc000, 'SOPInstanceUID is missing'],
    ['a UID that is a path', { study: '../../etc/x' }, 0xc000, 'StudyInstanceUID is not a UID'],
    [
      'another SOP Instance UID than announced',
      { announced: '1.2.99' },
      0xa900,
      'SOPInstanceUID differs from the request',
    ],
    [
      'another SOP class than announced',
      { sopClass: '1.2.840.10008.5.1.4.1.1.4' },
      0xa900,
      'SOPClassUID differs from the request',
    ],
    [
      'an announced UID that is a path',
      { announced: '../x' },
      0xc000,
      'AffectedSOPInstanceUID is missing or not a UID',
    ],
  ])('for %s is refused in words', async (_, order, status, errorComment) => {
    const started = await receiver();
    const scripted = await peer(started.port);
    expect(await scripted.store(3, instance(order))).toMatchObject({ status, errorComment });
    expect(await scripted.store(3, instance())).toMatchObject({ status: 0 });
    expect(rows(started)).toHaveLength(1);
    expect([files(started).length, parts(started).length]).toEqual([1, 0]);
    await scripted.release();
    await eventually(() => started.ended.length > 0, 'the end');
    expect(association(started)).toMatchObject({ stored: 1, refused: 1 });
    expect(started.log.recent(10).some(item => item.line.includes(errorComment))).toBe(true);
  });

  it('because it is no data set is refused', async () => {
    const started = await receiver();
    const scripted = await peer(started.port);
    const answer = await scripted.store(3, {
      sopClassUid: ct,
      sopInstanceUid: '1.2',
      dataSet: Buffer.from('this is not DICOM at all'),
    });
    expect(answer).toMatchObject({ status: 0xc000 });
    expect(answer).toHaveProperty('errorComment', expect.stringMatching(/\w+/));
    expect(await scripted.store(3, { sopClassUid: ct, sopInstanceUid: '1.2', dataSet: Buffer.alloc(0) })).toMatchObject(
      { status: 0xc000 },
    );
    expect([files(started).length, parts(started).length]).toEqual([0, 0]);
  });

  it('because the disk is low is refused with 0xA700, until there is room', async () => {
    const started = await receiver({ settings: { MIN_FREE_BYTES: 2 ** 50, MIN_FREE_PERCENT: 100 } });
    const scripted = await peer(started.port);
    expect(await scripted.store(3, instance())).toMatchObject({
      status: 0xa700,
      errorComment: 'free disk space is below the limit',
    });
    expect(
      (await storescu(started.port, [makeStudy({ directory: join(directory, 'low'), instances: 1 })[0]?.file ?? '']))
        .code,
    ).not.toBe(0);
    started.settings.MIN_FREE_PERCENT = 0;
    expect(started.inbox.freeSpace().limitBytes).toBe(0);
    expect(await scripted.store(3, instance())).toMatchObject({ status: 0 });
    expect(rows(started)).toHaveLength(1);
  });

  it('takes the smaller of the two limits', async () => {
    const { inbox, settings } = await receiver({ settings: { MIN_FREE_BYTES: 5 * 2 ** 30, MIN_FREE_PERCENT: 5 } });
    expect(inbox.limitBytes(20 * 2 ** 30)).toBe(2 ** 30);
    expect(inbox.limitBytes(2 ** 42)).toBe(5 * 2 ** 30);
    settings.MIN_FREE_BYTES = 1;
    expect(inbox.limitBytes(2 ** 42)).toBe(1);
  });

  it('because its row cannot be written is not acknowledged, and leaves no file', async () => {
    let broken = true;
    const onLanded = () => {
      if (broken) throw new Error('no room in the database');
    };
    const started = await receiver({ onLanded });
    const scripted = await peer(started.port);
    expect(await scripted.store(3, instance())).toMatchObject({ status: 0xa700 });
    expect([rows(started).length, files(started).length, parts(started).length]).toEqual([0, 0, 0]);
    broken = false;
    expect(await scripted.store(3, instance())).toMatchObject({ status: 0 });
  });

  const isRoot = process.getuid?.() === 0;
  if (!isRoot)
    console.log('SKIP not root, no small file system can be mounted: a disk that fills up while an object arrives');
  it.skipIf(!isRoot)('because the disk is full is refused with 0xA700, and leaves nothing', async () => {
    const small = join(directory, 'small-disk');
    mkdirSync(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', small]);
    ends.push(() => void execFileSync('umount', [small]));
    const started = await receiver({ directory: small });
    const scripted = await peer(started.port);
    expect(await scripted.store(3, instance())).toMatchObject({ status: 0 });
    // Behind the back of the listener, which looks at the disk once a second.
    const filler = join(small, 'filler');
    expect(() => writeFileSync(filler, Buffer.alloc(12 * 2 ** 20))).toThrow('ENOSPC');
    truncateSync(filler, statSync(filler).size - 2 ** 20);
    const answer = await scripted.store(3, instance({ pixels: Buffer.alloc(5 * 2 ** 20) }));
    expect(answer).toMatchObject({ status: 0xa700, errorComment: expect.stringContaining('ENOSPC') });
    expect([rows(started).length, files(started).length, parts(started).length]).toEqual([1, 1, 0]);
    rmSync(filler);
    expect(await scripted.store(3, instance({ pixels: Buffer.alloc(2 * 2 ** 20) }))).toMatchObject({ status: 0 });
  });

  it('because its directory cannot be written is refused with 0xA700', async () => {
    const started = await receiver();
    rmSync(join(started.directory, 'incoming'), { recursive: true });
    const scripted = await peer(started.port);
    const answer = await scripted.store(3, instance());
    expect(answer).toMatchObject({ status: 0xa700, errorComment: expect.stringContaining('ENOENT') });
  });
});

describe('an association that ends badly', () => {
  const begun = () => Buffer.concat([encodePData(3, true, storeRequest(ct, '1.2.9'), 0), half()]);
  const half = () => {
    const pdu = encodePData(3, false, instance({ sop: '1.2.9' }).dataSet.subarray(0, 100), 0);
    pdu[11] = 0;
    return pdu;
  };

  it.each<[string, (scripted: ScriptedPeer) => void, object]>([
    [
      'by an abort',
      ({ send }) => send(encodePdu({ type: 'abort', source: 0, reason: 0 })),
      { outcome: 'aborted', reason: 'aborted by the application of the peer' },
    ],
    [
      'by its connection',
      ({ socket }) => socket.destroy(),
      { outcome: 'lost', reason: 'the connection was closed without a release' },
    ],
    [
      'by a broken PDU',
      ({ send }) => send(Buffer.from([0x99, 0, 0, 0, 0, 0])),
      { outcome: 'aborted', reason: 'PDU type 0x99 is unknown' },
    ],
    ['by silence', () => {}, { outcome: 'timed-out', reason: 'silent for 1 s' }],
  ])('%s keeps what was acknowledged and drops the object that was not whole', async (_, end, expected) => {
    const started = await receiver({ settings: { IDLE_TIMEOUT: 1 } });
    const scripted = await peer(started.port);
    expect(await scripted.store(3, instance())).toMatchObject({ status: 0 });
    scripted.send(begun());
    await eventually(() => parts(started).length === 1, 'the second object');
    end(scripted);
    await eventually(() => started.ended.length === 1, 'the end');
    expect(started.ended[0]).toMatchObject(expected);
    expect(association(started)).toMatchObject({ stored: 1, refused: 0, ...expected });
    expect([rows(started).length, files(started).length, parts(started).length]).toEqual([1, 1, 0]);
  });

  it('by a killed storescu keeps every instance that was acknowledged', { timeout: 60_000 }, async () => {
    const started = await receiver();
    makeStudy({ directory: join(directory, 'killed'), instances: 500, side: 256 });
    const { output } = await dcmtk(
      'storescu',
      ['-v', '+sd', '127.0.0.1', String(started.port), join(directory, 'killed')],
      { timeoutMs: 250 },
    );
    const acknowledged = output.split('Received Store Response (Success)').length - 1;
    await eventually(() => started.ended.length === 1, 'the end');
    expect(rows(started).length).toBeGreaterThanOrEqual(Math.max(1, acknowledged));
    expect(rows(started).length).toBeLessThan(500);
    expect(parts(started)).toEqual([]);
    for (const row of rows(started)) expect(existsSync(join(started.directory, row.path))).toBe(true);
  });
});

it('holds no object in memory, however large', { timeout: 120_000 }, async () => {
  const started = await receiver();
  const scripted = await peer(started.port);
  const sop = newUid();
  const { dataSet } = instance({ sop, pixels: Buffer.alloc(0) });
  const length = 600 * 2 ** 20;
  dataSet.writeUInt32LE(length, dataSet.length - 4);
  const chunk = encodePData(3, false, Buffer.alloc(250_000, 7), 0);
  chunk[11] = 0;
  const hash = createHash('sha256').update(dataSet);
  const first = encodePData(3, false, dataSet, 0);
  first[11] = 0;
  scripted.send(Buffer.concat([encodePData(3, true, storeRequest(ct, sop), 0), first]));
  const before = process.memoryUsage().rss;
  let peak = 0;
  for (let left = length; left > 0; ) {
    const size = Math.min(250_000, left);
    const last = left === size;
    const pdu = size === 250_000 && !last ? chunk : encodePData(3, false, Buffer.alloc(size, 7), 0);
    hash.update(pdu.subarray(12));
    if (!scripted.socket.write(pdu)) await new Promise(resolve => scripted.socket.once('drain', resolve));
    left -= size;
    peak = Math.max(peak, process.memoryUsage().rss);
  }
  expect(await scripted.next()).toMatchObject({ status: 0 });
  expect(rows(started)[0]?.sha256.toString('hex')).toBe(hash.digest('hex'));
  expect((peak - before) / 2 ** 20).toBeLessThan(150);
});
