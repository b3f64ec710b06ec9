import { describe, expect, it } from 'vitest';
import { createElementScanner, type Encoding, type KeptElement } from '../../../electron/core/dicom/element-scanner.ts';
import { element } from '../../helpers/dicom-maker.ts';

const explicit: Encoding = { explicit: true, bigEndian: false };
const implicit: Encoding = { explicit: false, bigEndian: false };

function scan(bytes: Buffer, encoding = explicit, chunk = 1000, stop = 0x7fe00000) {
  const kept: KeptElement[] = [];
  const scanner = createElementScanner({
    encoding,
    keep: tag => (tag === 0x00080018 || tag === 0x00100010 ? 64 : 0),
    stop: tag => tag >= stop,
    element: item => void kept.push(item),
  });
  // The memory of a chunk is used again for the next one, as the listener does.
  const memory = Buffer.alloc(chunk);
  for (let at = 0; at < bytes.length; at += chunk) {
    if (scanner.push(memory.subarray(0, bytes.copy(memory, 0, at, at + chunk)))) break;
  }
  scanner.end();
  return { kept: kept.map(({ tag, value }) => [tag.toString(16), value.toString('latin1')]), scanner };
}

const uid = element('00080018', 'UI', '1.2.3');
const name = element('00100010', 'PN', 'Doe^Jane');
const both = [
  ['80018', '1.2.3\0'],
  ['100010', 'Doe^Jane'],
];
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const itemStart = hex('feff00e0 ffffffff');
const itemEnd = hex('feff0de0 00000000');
const sequenceEnd = hex('feffdde0 00000000');
const sequence = (...items: Buffer[]) => Buffer.concat([hex('08001111 5351 0000 ffffffff'), ...items, sequenceEnd]);

describe('element scanner', () => {
  it.each([1, 3, 8, 1000])('keeps what is asked for and steps over the rest, in chunks of %i bytes', chunk => {
    const inner = Buffer.concat([
      itemStart,
      uid,
      sequence(itemStart, uid, itemEnd),
      itemEnd,
      hex('feff00e0 04000000 01020304'),
    ]);
    const bytes = Buffer.concat([element('00080005', 'CS', 'ISO_IR 6'), uid, sequence(inner), name]);
    const { kept, scanner } = scan(bytes, explicit, chunk);
    expect(kept).toEqual(both);
    expect(scanner.problem).toBeUndefined();
  });

  it('reads implicit VR, and UN of undefined length as implicit VR', () => {
    const implicitUid = hex('08001800 06000000 312e322e3300');
    expect(scan(implicitUid, implicit).kept).toEqual([both[0]]);
    const unknown = Buffer.concat([hex('09000110 554e 0000 ffffffff'), itemStart, implicitUid, itemEnd, sequenceEnd]);
    expect(scan(Buffer.concat([uid, unknown, name])).kept).toEqual(both);
  });

  it('reads big endian', () => {
    expect(scan(hex('00080018 5549 0006 312e322e3300'), { explicit: true, bigEndian: true }).kept).toEqual([both[0]]);
  });

  it('steps over fragments without reading them as elements', () => {
    const fragments = Buffer.concat([
      hex('08003000 4f42 0000 ffffffff'),
      hex('feff00e0 00000000'),
      hex('feff00e0 04000000 feffdde0'),
      sequenceEnd,
    ]);
    expect(scan(Buffer.concat([uid, fragments, name])).kept).toEqual(both);
  });

  it('stops where it is told, and says where that is', () => {
    const { scanner } = scan(Buffer.concat([uid, name, hex('e07f1000 4f57 0000 ffffffff')]));
    expect(scanner.stoppedAt).toEqual({
      tag: 0x7fe00010,
      offset: uid.length + name.length,
      valueOffset: uid.length + name.length + 12,
      length: undefined,
    });
  });

  it('cuts a value that is longer than asked for', () => {
    const { kept } = scan(Buffer.concat([element('00100010', 'PN', 'x'.repeat(5000)), element('00200010', 'SH', 'S')]));
    expect(kept[0]?.[1]).toHaveLength(64);
  });

  it('forgives a missing item delimiter and a stray delimiter', () => {
    const missing = Buffer.concat([hex('08001111 5351 0000 ffffffff'), itemStart, uid, sequenceEnd]);
    expect(scan(Buffer.concat([uid, missing, itemEnd, sequenceEnd, name])).kept).toEqual(both);
  });

  it.each([
    ['an end inside a value', uid.subarray(0, 10), /ends 4 bytes before/],
    ['an end inside a head', uid.subarray(0, 5), /inside the head/],
    ['an end inside a sequence', hex('08001111 5351 0000 ffffffff'), /inside a sequence/],
    ['no value representation', hex('08001800 06000000 312e'), /no value representation/],
    [
      'an element where an item has to be',
      Buffer.concat([hex('08001111 5351 0000 ffffffff'), uid]),
      /item of a sequence/,
    ],
    ['a delimiter nobody knows', hex('feffaaaa 00000000'), /delimiter/],
    ['a length of 4 GB', hex('08003000 4f42 0000 feffffff 0000'), /ends 4294967292 bytes before/],
  ])('says so for %s', (_, bytes, words) => {
    expect(scan(bytes).scanner.problem).toMatch(words);
  });

  it('does not follow nesting without end', () => {
    const deep = Buffer.concat(
      Array.from({ length: 100_000 }, () => Buffer.concat([hex('08001111 5351 0000 ffffffff'), itemStart])),
    );
    expect(scan(deep).scanner.problem).toMatch(/nested deeper/);
  });
});
