/** An element with a value, at whatever depth; a sequence is told with length 0, and its elements follow. */
export interface FlatElement {
  tag: number;
  /** Two letters, or '' in implicit VR. */
  vr: string;
  value: Buffer;
}

const undefinedLength = 0xffffffff;
/** VRs with 2 reserved bytes and a 32-bit length, PS3.5 §7.1.2. */
const longForm = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
/** Sequences that a walk in implicit VR has to know, since nothing in the bytes tells: DirectoryRecordSequence, ConceptNameCodeSequence. */
const sequences = new Set([0x00041220, 0x0040a043]);
const isLetter = (byte: number | undefined) => byte !== undefined && byte >= 0x41 && byte <= 0x5a;

/**
 * The elements of a data set in memory, those of all levels in one loop: a sequence and an item are stepped into, everything
 * else is stepped over. For what is small and flat by nature; bounded by the bytes it is given, whatever they declare.
 */
export function* flatElements(bytes: Buffer, bigEndian: boolean): Generator<FlatElement> {
  const u16 = (from: number) => (bigEndian ? bytes.readUInt16BE(from) : bytes.readUInt16LE(from));
  const u32 = (from: number) => (bigEndian ? bytes.readUInt32BE(from) : bytes.readUInt32LE(from));
  for (let at = 0; at + 8 <= bytes.length; ) {
    const tag = u16(at) * 0x10000 + u16(at + 2);
    if (tag >>> 16 === 0xfffe) {
      at += 8;
      continue;
    }
    const explicit = isLetter(bytes[at + 4]) && isLetter(bytes[at + 5]);
    const vr = explicit ? bytes.toString('latin1', at + 4, at + 6) : '';
    const long = longForm.has(vr);
    if (long && at + 12 > bytes.length) return;
    const length = !explicit ? u32(at + 4) : long ? u32(at + 8) : u16(at + 6);
    at += long ? 12 : 8;
    const isSequence = vr === 'SQ' || sequences.has(tag) || length === undefinedLength;
    yield { tag, vr, value: isSequence ? bytes.subarray(at, at) : bytes.subarray(at, at + length) };
    if (!isSequence) at += length;
  }
}
