import { describe, expect, it } from 'vitest';
import {
  type AssociateAc,
  type AssociateRq,
  abortInWords,
  type ControlPdu,
  PduError,
  type PdvPiece,
  rejectionInWords,
} from '../../../electron/core/dicom/pdu.ts';
import { encodePData, encodePdu } from '../../../electron/core/dicom/pdu-encode.ts';
import { createPduReader } from '../../../electron/core/dicom/pdu-reader.ts';

const request: AssociateRq = {
  type: 'associate-rq',
  protocolVersion: 1,
  calledAe: 'GANTRY',
  callingAe: 'CT 1',
  applicationContext: '1.2.840.10008.3.1.1.1',
  contexts: [
    { id: 1, abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] },
    { id: 3, abstractSyntax: '1.2.3', transferSyntaxes: ['1.2.840.10008.1.2.1', '1.2.840.10008.1.2'] },
  ],
  user: {
    maxPduLength: 16384,
    implementationClassUid: '2.25.1',
    implementationVersionName: 'TEST',
    asynchronousOperations: { invoked: 4, performed: 2 },
    roles: [{ sopClassUid: '1.2.3', scu: true, scp: false }],
    extended: [{ sopClassUid: '1.2.3', data: Buffer.from([1, 2, 3]) }],
    identity: { type: 2, responseRequested: true, primary: Buffer.from('user'), secondary: Buffer.from('pass') },
  },
};
const acceptance: AssociateAc = {
  ...request,
  type: 'associate-ac',
  contexts: [
    { id: 1, result: 0, transferSyntax: '1.2.840.10008.1.2' },
    { id: 3, result: 3, transferSyntax: '1.2.840.10008.1.2.1' },
  ],
};
const pdus: ControlPdu[] = [
  request,
  acceptance,
  { type: 'associate-rj', result: 1, source: 1, reason: 7 },
  { type: 'release-rq' },
  { type: 'release-rp' },
  { type: 'abort', source: 2, reason: 6 },
];

function read(bytes: Buffer, chunk: number, maxPduLength = 1000) {
  const seen: ControlPdu[] = [];
  const pieces: (Omit<PdvPiece, 'data'> & { data: string })[] = [];
  const reader = createPduReader(
    { maxPduLength },
    {
      pdu: pdu => void seen.push(pdu),
      piece: piece => void pieces.push({ ...piece, data: piece.data.toString('hex') }),
    },
  );
  for (let at = 0; at < bytes.length; at += chunk) reader.push(bytes.subarray(at, at + chunk));
  return { seen, pieces, held: reader.heldBytes };
}

describe('PDUs', () => {
  it.each([1, 5, 64, 100_000])('come back as they were encoded, in chunks of %i bytes', chunk => {
    const { seen, held } = read(Buffer.concat(pdus.map(encodePdu)), chunk);
    expect(seen).toEqual(pdus);
    expect(held).toBe(0);
  });

  it('are laid out as PS3.8 figure 9-1 says', () => {
    const bytes = encodePdu(request);
    expect(bytes[0]).toBe(1);
    expect(bytes.readUInt32BE(2)).toBe(bytes.length - 6);
    expect(bytes.toString('latin1', 10, 26)).toBe('GANTRY          ');
    expect(bytes.toString('latin1', 26, 42)).toBe('CT 1            ');
    expect(bytes[74]).toBe(0x10);
  });

  it.each([1, 7, 100_000])('hand data over piece by piece, in chunks of %i bytes', chunk => {
    const value = Buffer.from(Array.from({ length: 300 }, (_, index) => index % 256));
    const { pieces } = read(
      Buffer.concat([encodePData(5, false, value, 100), encodePData(5, true, Buffer.alloc(0), 100)]),
      chunk,
    );
    const data = pieces.filter(piece => !piece.command);
    expect(data.map(piece => piece.data).join('')).toBe(value.toString('hex'));
    expect(data.map(piece => piece.last)).toEqual(data.map((_, index) => index === data.length - 1));
    expect(pieces.at(-1)).toEqual({ contextId: 5, command: true, last: true, data: '' });
  });

  it('take several presentation data values in one P-DATA-TF', () => {
    const pdv = (last: boolean) => Buffer.from([0, 0, 0, 4, 1, last ? 2 : 0, 0xaa, 0xbb]);
    const body = Buffer.concat([pdv(false), pdv(true)]);
    const { pieces } = read(Buffer.concat([Buffer.from([4, 0, 0, 0, 0, body.length]), body]), 3);
    expect(pieces.map(piece => piece.data).join('')).toBe('aabbaabb');
    expect(pieces.filter(piece => piece.last)).toHaveLength(1);
  });

  const head = (type: number, length: number) => {
    const bytes = Buffer.alloc(6);
    bytes[0] = type;
    bytes.writeUInt32BE(length, 2);
    return bytes;
  };
  it.each([
    ['an unknown type', head(0x42, 4), 1],
    ['a P-DATA-TF above the announced maximum', head(4, 1001), 6],
    ['a P-DATA-TF without a value', head(4, 3), 6],
    ['an A-ASSOCIATE-RQ above 1 MB', head(1, 2 ** 20 + 1), 6],
    ['an A-ABORT of 4 GB', head(7, 0xffffffff), 6],
    ['a value longer than its PDU', Buffer.concat([head(4, 10), Buffer.from([0, 0, 1, 0, 1, 0])]), 6],
    ['a value shorter than its own head', Buffer.concat([head(4, 10), Buffer.from([0, 0, 0, 1, 1, 0])]), 6],
    [
      'a P-DATA-TF that ends inside a head',
      Buffer.concat([head(4, 12), Buffer.from([0, 0, 0, 4, 1, 0, 1, 1, 0, 0, 0, 0])]),
      6,
    ],
    ['an A-ASSOCIATE-RQ of 20 bytes', Buffer.concat([head(1, 20), Buffer.alloc(20)]), 6],
    ['an item longer than its PDU', Buffer.concat([head(1, 72), Buffer.alloc(68), Buffer.from([0x10, 0, 1, 0])]), 6],
    ['an even context id', Buffer.concat([head(1, 76), Buffer.alloc(68), Buffer.from([0x20, 0, 0, 4, 2, 0, 0, 0])]), 6],
  ])('refuse %s', (_, bytes, reason) => {
    const refusal = () => read(bytes as Buffer, 1000);
    expect(refusal).toThrow(PduError);
    try {
      refusal();
    } catch (error) {
      expect((error as PduError).reason).toBe(reason);
      expect((error as PduError).message).toMatch(/\w/);
    }
  });

  it('hold no more than has come, whatever length is declared', () => {
    const before = process.memoryUsage().arrayBuffers;
    const reader = createPduReader({ maxPduLength: 2 ** 20 }, { pdu() {}, piece() {} });
    reader.push(head(1, 2 ** 20));
    reader.push(Buffer.alloc(10));
    expect(reader.heldBytes).toBe(10);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000);
  });

  it('have words for rejections and aborts', () => {
    expect(rejectionInWords({ result: 1, source: 1, reason: 7 })).toBe('called AE title not recognized (permanent)');
    expect(rejectionInWords({ result: 2, source: 3, reason: 2 })).toBe('local limit exceeded (transient)');
    expect(abortInWords({ source: 2, reason: 1 })).toContain('unrecognized PDU');
    expect(abortInWords({ source: 0, reason: 0 })).toContain('application');
  });
});
