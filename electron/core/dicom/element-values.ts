import { decodeText } from './character-sets.ts';

/** VRs whose text follows SpecificCharacterSet, PS3.5 §6.1.2.3. */
const localized = new Set(['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UT']);
/** VRs in which a backslash is a character like any other, PS3.5 §6.4. */
const singleText = new Set(['LT', 'ST', 'UT', 'UR']);
/** VRs whose leading spaces count. */
const leadingSpaces = new Set(['LT', 'ST', 'UT', 'UC', 'UR']);
const binary = new Set(['OB', 'OW', 'OF', 'OD', 'OL', 'OV', 'SQ', 'UN']);

const numbers: Record<string, [size: number, read: (bytes: Buffer, at: number, big: boolean) => number | bigint]> = {
  US: [2, (b, at, big) => (big ? b.readUInt16BE(at) : b.readUInt16LE(at))],
  SS: [2, (b, at, big) => (big ? b.readInt16BE(at) : b.readInt16LE(at))],
  UL: [4, (b, at, big) => (big ? b.readUInt32BE(at) : b.readUInt32LE(at))],
  SL: [4, (b, at, big) => (big ? b.readInt32BE(at) : b.readInt32LE(at))],
  FL: [4, (b, at, big) => (big ? b.readFloatBE(at) : b.readFloatLE(at))],
  FD: [8, (b, at, big) => (big ? b.readDoubleBE(at) : b.readDoubleLE(at))],
  UV: [8, (b, at, big) => (big ? b.readBigUInt64BE(at) : b.readBigUInt64LE(at))],
  SV: [8, (b, at, big) => (big ? b.readBigInt64BE(at) : b.readBigInt64LE(at))],
};

/**
 * The values of an element as text: padding removed, numbers in decimal, attribute tags as 8 hex digits.
 * Bulk data and sequences have no text: an empty list.
 */
export function elementValues(
  vr: string,
  value: Buffer,
  characterSets: readonly string[],
  bigEndian: boolean,
): string[] {
  if (binary.has(vr)) return [];
  const number = numbers[vr];
  if (number) {
    const [size, read] = number;
    const count = Math.floor(value.length / size);
    return Array.from({ length: count }, (_, index) => String(read(value, index * size, bigEndian)));
  }
  if (vr === 'AT') {
    const words = elementValues('US', value, [], bigEndian).map(word =>
      Number(word).toString(16).padStart(4, '0').toUpperCase(),
    );
    return words.flatMap((word, index) => (index % 2 === 0 ? [word + (words[index + 1] ?? '')] : []));
  }
  const text = localized.has(vr) ? decodeText(value, characterSets) : value.toString('latin1');
  const values = singleText.has(vr) ? [text] : text.split('\\');
  const trimmed = values.map(item => (leadingSpaces.has(vr) ? trimEnd(item) : trimEnd(item).trimStart()));
  return trimmed.length === 1 && trimmed[0] === '' ? [] : trimmed;
}

/** Space pads text and NUL pads UIDs, but some writers mix them up. */
const trimEnd = (text: string) => text.replace(/[\0 ]+$/, '');
