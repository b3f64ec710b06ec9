import { commandField, encodeCommandSet } from '../../electron/core/dicom/command-set.ts';
import { encodePData, encodePdu } from '../../electron/core/dicom/pdu-encode.ts';
import { element } from '../helpers/dicom-maker.ts';
import { request, storeRequest } from '../helpers/scripted-peer.ts';
import type { Random } from './random.ts';

const pick = <T>(random: Random, items: readonly T[]) => items[random.below(items.length)] as T;

const ct = '1.2.840.10008.5.1.4.1.1.2';
const contexts = [
  { id: 1, abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] },
  { id: 3, abstractSyntax: ct, transferSyntaxes: ['1.2.840.10008.1.2.1'] },
  { id: 5, abstractSyntax: ct, transferSyntaxes: ['1.2.840.10008.1.2'] },
  { id: 7, abstractSyntax: ct, transferSyntaxes: ['1.2.840.10008.1.2.2'] },
];
const opening = encodePdu(request(contexts));
const fullOpening = encodePdu(
  request(contexts, {
    user: {
      maxPduLength: 16384,
      implementationClassUid: '2.25.1',
      implementationVersionName: 'FUZZ',
      asynchronousOperations: { invoked: 3, performed: 3 },
      roles: [{ sopClassUid: ct, scu: true, scp: true }],
      extended: [{ sopClassUid: ct, data: Buffer.from([1, 2, 3]) }],
      identity: { type: 1, responseRequested: true, primary: Buffer.from('user'), secondary: Buffer.alloc(0) },
    },
  }),
);
const echo = encodeCommandSet({
  commandField: commandField.cEchoRq,
  messageId: 1,
  affectedSopClassUid: '1.2.840.10008.1.1',
  hasDataSet: false,
});
const find = encodeCommandSet({ commandField: 0x0020, messageId: 2, affectedSopClassUid: ct, hasDataSet: true });

function dataSet(random: Random): Buffer {
  const sop = `1.2.${random.below(1000)}`;
  const sequence = Buffer.concat([
    Buffer.from('080011115351 0000ffffffff feff00e0ffffffff'.replaceAll(' ', ''), 'hex'),
    element('00080018', 'UI', sop),
    Buffer.from('feff0de000000000 feffdde000000000'.replaceAll(' ', ''), 'hex'),
  ]);
  return Buffer.concat([
    element('00080005', 'CS', 'ISO 2022 IR 87'),
    element('00080016', 'UI', ct),
    element('00080018', 'UI', sop),
    sequence,
    element('00100010', 'PN', random.bytes(random.below(40))),
    element('0020000D', 'UI', '1.2'),
    element('0020000E', 'UI', '1.2.3'),
    element('7FE00010', 'OW', random.bytes(random.below(300))),
  ]);
}

function cutUp(random: Random, contextId: number, command: boolean, value: Buffer): Buffer[] {
  const whole = encodePData(contextId, command, value, 20 + random.below(400));
  const pdus: Buffer[] = [];
  for (let at = 0; at < whole.length; ) {
    const length = 6 + whole.readUInt32BE(at + 2);
    pdus.push(whole.subarray(at, at + length));
    at += length;
  }
  return pdus;
}

/** A conversation as a peer would have it, PDU by PDU. */
function conversation(random: Random): Buffer[] {
  const pdus = [pick(random, [opening, fullOpening])];
  for (let count = random.below(4); count >= 0; count--) {
    const contextId = pick(random, [3, 5, 7]);
    const kind = random.below(4);
    if (kind === 0) pdus.push(...cutUp(random, 1, true, echo));
    else if (kind === 1)
      pdus.push(...cutUp(random, contextId, true, find), ...cutUp(random, contextId, false, random.bytes(50)));
    else {
      const store = storeRequest(ct, `1.2.${random.below(1000)}`, random.below(65536));
      pdus.push(...cutUp(random, contextId, true, store), ...cutUp(random, contextId, false, dataSet(random)));
    }
  }
  pdus.push(
    encodePdu(
      pick(random, [{ type: 'release-rq' }, { type: 'abort', source: 0, reason: 0 }, { type: 'release-rp' }] as const),
    ),
  );
  return pdus;
}

/** Lengths that parsers stumble over. */
const oddLengths = [0, 1, 2, 5, 6, 7, 0x7f, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0xfffffffe, 0xffffffff];

function randomPdu(random: Random): Buffer {
  const body = random.bytes(random.below(120));
  const head = Buffer.alloc(6);
  head[0] = random.below(10);
  head.writeUInt32BE(random.below(3) === 0 ? pick(random, oddLengths) : body.length, 2);
  return Buffer.concat([head, body]);
}

function mutated(random: Random, pdu: Buffer): Buffer {
  if (pdu.length === 0) return randomPdu(random);
  const bytes = Buffer.from(pdu);
  const at = random.below(bytes.length);
  switch (random.below(9)) {
    case 0:
      bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
      return bytes;
    case 1:
      bytes[at] = random.below(256);
      return bytes;
    case 2:
      if (bytes.length >= 6) bytes.writeUInt32BE(pick(random, oddLengths), 2);
      return bytes;
    case 3:
      if (bytes.length >= 12) bytes.writeUInt32BE(pick(random, oddLengths), 6);
      return bytes;
    case 4:
      return bytes.subarray(0, at);
    case 5:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(20)), bytes.subarray(at)]);
    case 6:
      if (at + 4 <= bytes.length) bytes.writeUInt32LE(pick(random, oddLengths), at);
      return bytes;
    case 7:
      if (at + 2 <= bytes.length) bytes.writeUInt16BE(pick(random, oddLengths) & 0xffff, at);
      return bytes;
    default:
      bytes[0] = random.below(256);
      return bytes;
  }
}

/** One connection's worth of PDUs: valid, random, mutated, repeated, left out and out of order. */
export function stream(random: Random): Buffer[] {
  const pdus = conversation(random);
  for (let count = random.below(4); count > 0; count--) {
    const at = random.below(pdus.length);
    const kind = random.below(8);
    if (kind === 0) pdus.splice(at, 0, randomPdu(random));
    else if (kind === 1) pdus.splice(at, 1);
    else if (kind === 2) pdus.splice(random.below(pdus.length), 0, pdus[at] as Buffer);
    else pdus[at] = mutated(random, pdus[at] as Buffer);
    if (pdus.length === 0) pdus.push(randomPdu(random));
  }
  return pdus;
}

/** The same bytes as a network would bring them. */
export function chunks(random: Random, pdus: Buffer[]): Buffer[] {
  const all = Buffer.concat(pdus);
  if (random.below(3) > 0) return [all];
  const parts: Buffer[] = [];
  for (let at = 0; at < all.length; ) {
    const size = 1 + random.below(pick(random, [2, 20, 500]));
    parts.push(all.subarray(at, at + size));
    at += size;
  }
  return parts;
}
