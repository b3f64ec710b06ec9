import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDicomFile, readHeader } from '../../../electron/core/dicom/index.ts';
import { encodePdu } from '../../../electron/core/dicom/pdu-encode.ts';
import { dcmtk, echoscu, eventually, startStorescp } from '../../helpers/dcmtk.ts';
import { hasRealDicom, type RealFile, realFiles } from '../../helpers/real-dicom.ts';
import { type Receiver, startReceiver } from '../../helpers/receiver.ts';
import { scriptedPeer } from '../../helpers/scripted-peer.ts';

/** The promise on real data: in its own transfer syntax in, byte by byte the same on the disk. */
const there = hasRealDicom('real files sent in their own transfer syntax, and malformed ones');
const directory = mkdtempSync(join(tmpdir(), 'gantry-real-'));
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(async () => {
  await receiver.stop();
  rmSync(directory, { recursive: true, force: true });
});

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
interface Row {
  sop_instance_uid: string;
  path: string;
  data_set_offset: number;
  transfer_syntax_uid: string;
}
const storedRows = () => receiver.db.prepare<[], Row>('SELECT * FROM instances').all();
/** What is on the disk, not what the index says of it. */
const keyOfRow = ({ sop_instance_uid, path, data_set_offset, transfer_syntax_uid }: Row) =>
  `${sop_instance_uid} ${transfer_syntax_uid} ${sha256(readFileSync(join(receiver.directory, path)).subarray(data_set_offset))}`;

async function keyOfFile(path: string): Promise<string> {
  const { sopInstanceUid, transferSyntaxUid, dataSetOffset } = await readHeader(path);
  return `${sopInstanceUid} ${transferSyntaxUid} ${sha256(readFileSync(path).subarray(dataSetOffset))}`;
}

/** Files with SOP class and instance UID in their data set, outside `malformed`. */
async function sendable(): Promise<RealFile[]> {
  const files: RealFile[] = [];
  for (const file of realFiles().filter(item => !item.malformed)) {
    const header = await readHeader(file.path).catch(() => undefined);
    if (header?.values('SOPClassUID')?.[0] && header.values('SOPInstanceUID')?.[0]) files.push(file);
  }
  return files;
}

/** A storescu profile that proposes every SOP class of the files in exactly one transfer syntax. */
function profile(transferSyntaxUid: string, files: RealFile[]): string {
  const classes = [...new Set(files.map(file => file.sopClassUid))];
  const path = join(directory, `${transferSyntaxUid}.cfg`);
  const contexts = classes.map((uid, index) => `PresentationContext${index + 1} = ${uid}\\OWN`);
  writeFileSync(
    path,
    `[[TransferSyntaxes]]\n[OWN]\nTransferSyntax1 = ${transferSyntaxUid}\n` +
      `[[PresentationContexts]]\n[ALL]\n${contexts.join('\n')}\n[[Profiles]]\n[OWN]\nPresentationContexts = ALL\n`,
  );
  return path;
}

/** DCMTK 3.6.7 cannot read these. */
const unknownToDcmtk = /\.4\.(111|201|202|203)$|\.8\.1$/;

describe.skipIf(!there)('every real instance', () => {
  it('sent as it is stored comes back byte-identical', { timeout: 120_000 }, async () => {
    const files = await sendable();
    expect(files.length).toBeGreaterThan(280);
    const wanted = new Set<string>();
    const bySyntax = Map.groupBy(files, file => file.transferSyntaxUid);
    expect(bySyntax.size).toBe(19);
    for (const [transferSyntaxUid, group] of bySyntax) {
      const scripted = await scriptedPeer(receiver.port);
      const classes = [...new Set(group.map(file => file.sopClassUid))];
      const contexts = classes.map((abstractSyntax, index) => ({
        id: 2 * index + 1,
        abstractSyntax,
        transferSyntaxes: [transferSyntaxUid],
      }));
      expect(await scripted.associate(contexts)).toMatchObject({ type: 'associate-ac' });
      for (const file of group) {
        const { sopClassUid, sopInstanceUid, dataSetOffset } = await readHeader(file.path);
        const dataSet = readFileSync(file.path).subarray(dataSetOffset);
        const answer = await scripted.store(2 * classes.indexOf(sopClassUid) + 1, {
          sopClassUid,
          sopInstanceUid,
          dataSet,
        });
        expect(answer, file.name).toMatchObject({ status: 0 });
        wanted.add(await keyOfFile(file.path));
      }
      await scripted.release();
    }
    expect(new Set(storedRows().map(keyOfRow))).toEqual(wanted);
  });

  it('sent by storescu in its own transfer syntax is what DCMTK itself receives', { timeout: 180_000 }, async () => {
    const files = (await sendable()).filter(file => !unknownToDcmtk.test(file.transferSyntaxUid));
    const scp = await startStorescp(join(directory, 'storescp'));
    let acknowledged = 0;
    try {
      for (const [transferSyntaxUid, group] of Map.groupBy(files, file => file.transferSyntaxUid)) {
        // --no-halt: DCMTK takes three encapsulated files for damaged; storescp refuses some classes and syntaxes.
        const words = ['-v', '-nh', '-xf', profile(transferSyntaxUid, group), 'OWN', '127.0.0.1'];
        const paths = group.map(file => file.path);
        const ours = await dcmtk('storescu', [...words, String(receiver.port), ...paths]);
        const successes = (output: string) => output.split('Received Store Response (Success)').length - 1;
        const theirs = await dcmtk('storescu', [...words, String(scp.port), ...paths]);
        expect(successes(ours.output), transferSyntaxUid).toBeGreaterThanOrEqual(successes(theirs.output));
        acknowledged += successes(ours.output);
      }
    } finally {
      await scp.stop();
    }
    expect(acknowledged).toBeGreaterThanOrEqual(files.length - 3);
    expect(scp.received().length).toBeGreaterThan(270);
    const wanted = new Set<string>();
    for (const name of scp.received()) wanted.add(await keyOfFile(join(scp.directory, name)));
    const all = new Set(storedRows().map(keyOfRow));
    expect([...wanted].filter(key => !all.has(key))).toEqual([]);
  });

  it('is a file that DCMTK reads', { timeout: 60_000 }, async () => {
    const readable = storedRows().filter(row => !unknownToDcmtk.test(row.transfer_syntax_uid));
    const { output } = await dcmtk(
      'dcmftest',
      readable.map(row => join(receiver.directory, row.path)),
    );
    expect(output.split('\n').filter(line => line.startsWith('no:'))).toEqual([]);
  });
});

describe.skipIf(!there)('every malformed file', () => {
  it('leaves the listener alive and is answered in words', { timeout: 120_000 }, async () => {
    const files = realFiles().filter(file => file.malformed);
    expect(files.length).toBeGreaterThan(85);
    let stored = 0;
    for (const file of files) {
      const bytes = readFileSync(file.path);
      const found = await readDicomFile(file.path).catch(() => undefined);
      const header = await readHeader(file.path).catch(() => undefined);
      const transferSyntaxUid = found?.transferSyntaxUid ?? '1.2.840.10008.1.2.1';
      const sopClassUid = header?.sopClassUid ?? '1.2.840.10008.5.1.4.1.1.2';
      const scripted = await scriptedPeer(receiver.port);
      await scripted.associate([{ id: 1, abstractSyntax: sopClassUid, transferSyntaxes: [transferSyntaxUid] }]);
      const dataSet = bytes.subarray(found?.dataSetOffset ?? 0);
      const answer = await scripted.store(1, {
        sopClassUid,
        sopInstanceUid: header?.sopInstanceUid ?? '1.2.3',
        dataSet,
      });
      expect(answer, file.name).toMatchObject({ commandField: 0x8001 });
      const { status, errorComment } = answer as { status: number; errorComment?: string };
      if (status === 0) stored++;
      else expect(errorComment, file.name).toMatch(/^\S.{8,}/);
      await scripted.release();
    }
    expect(stored).toBeGreaterThan(30);
    expect((await echoscu(receiver.port)).code).toBe(0);
    for (const row of storedRows()) keyOfRow(row);
  });

  it('sent without any protocol is aborted, and the listener lives', { timeout: 120_000 }, async () => {
    for (const file of realFiles().filter(item => item.malformed)) {
      const scripted = await scriptedPeer(receiver.port);
      scripted.send(readFileSync(file.path));
      if (file.name.endsWith('zero_length.dcm')) scripted.send(encodePdu({ type: 'release-rq' }));
      const answer = await scripted.next();
      if (answer !== 'closed') expect(answer, file.name).toMatchObject({ type: 'abort', source: 2 });
      scripted.close();
    }
    await eventually(() => receiver.listener.status().openAssociations === 0, 'no association is left');
    expect((await echoscu(receiver.port)).code).toBe(0);
  });

  it('sent by DCMTK, which refuses some itself, leaves the listener alive', { timeout: 120_000 }, async () => {
    mkdirSync(join(directory, 'sent'), { recursive: true });
    for (const file of realFiles().filter(item => item.malformed)) {
      await dcmtk('dcmsend', ['--decompress-never', '127.0.0.1', String(receiver.port), file.path], {
        timeoutMs: 20_000,
      });
    }
    expect((await echoscu(receiver.port)).code).toBe(0);
    expect(receiver.log.recent(1000).every(item => !item.line.includes('DEFECT'))).toBe(true);
  });
});
