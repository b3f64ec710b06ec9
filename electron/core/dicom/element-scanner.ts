/**
 * Reads the elements of a data set from pieces of it, PS3.5 §7, and keeps only the values asked for.
 *
 * It never allocates from a declared length, does not recurse, and skips what is not wanted: an undefined-length
 * sequence is walked through, everything else is stepped over by its length.
 */
export interface ElementScanner {
  /** @returns true when the scan has ended: `stop` said so, or the bytes cannot be read further (`problem`) */
  push(chunk: Buffer): boolean;
  /** The data set ends here. */
  end(): void;
  readonly problem: string | undefined;
  /** The element at which the scan stopped. */
  readonly stoppedAt: Stop | undefined;
  /** Bytes that will only be stepped over; a reader that can seek takes them off with `skip`. */
  readonly skippable: number;
  skip(bytes: number): void;
}

export interface Stop {
  tag: number;
  /** Of the element's head in the data set, and of its value. */
  offset: number;
  valueOffset: number;
  /** As declared; undefined for an undefined length. */
  length: number | undefined;
}

export interface Encoding {
  explicit: boolean;
  bigEndian: boolean;
}

/** A top-level element whose value was kept; a longer value is cut to what was asked for. */
export interface KeptElement {
  tag: number;
  /** Two letters, or '' in implicit VR. */
  vr: string;
  value: Buffer;
}

interface Order {
  encoding: Encoding;
  /** Most bytes of the value to keep; 0 skips the element. */
  keep(tag: number): number;
  /** Asked before each top-level element. */
  stop(tag: number): boolean;
  element(element: KeptElement): void;
}

const undefinedLength = 0xffffffff;
const item = 0xfffee000;
const itemDelimiter = 0xfffee00d;
const sequenceDelimiter = 0xfffee0dd;
/** Deeper nesting is taken for an attack, not for an object. */
const maxDepth = 256;

/** VRs with a 16-bit length; all others, also those of the future, have 2 reserved bytes and 32 bits, PS3.5 §7.1.2. */
const shortForm = new Set(
  [
    'AE',
    'AS',
    'AT',
    'CS',
    'DA',
    'DS',
    'DT',
    'FD',
    'FL',
    'IS',
    'LO',
    'LT',
    'PN',
    'SH',
    'SL',
    'SS',
    'ST',
    'TM',
    'UI',
    'UL',
    'US',
  ].map(vr => (vr.charCodeAt(0) << 8) | vr.charCodeAt(1)),
);
const code = (vr: string) => (vr.charCodeAt(0) << 8) | vr.charCodeAt(1);
const [sq, un] = [code('SQ'), code('UN')];
const isLetter = (byte: number) => byte >= 0x41 && byte <= 0x5a;

export const tagInWords = (tag: number) => {
  const hex = tag.toString(16).padStart(8, '0').toUpperCase();
  return `(${hex.slice(0, 4)},${hex.slice(4)})`;
};

/** One open level of undefined length: a sequence (or the fragments of encapsulated data), or an item in it. */
interface Level {
  kind: 'sequence' | 'fragments' | 'item';
  explicit: boolean;
}

export function createElementScanner(order: Order): ElementScanner {
  const { bigEndian } = order.encoding;
  const levels: Level[] = [];
  let explicit = order.encoding.explicit;
  const carry = Buffer.alloc(12);
  let carried = 0;
  let offset = 0;
  let skipping = 0;
  let keeping: { tag: number; vr: string; parts: Buffer[]; left: number; thenSkip: number } | undefined;
  let problem: string | undefined;
  let stoppedAt: ElementScanner['stoppedAt'];

  const u16 = (bytes: Buffer, at: number) => (bigEndian ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at));
  const u32 = (bytes: Buffer, at: number) => (bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));

  function open(level: Level) {
    if (levels.length >= maxDepth) problem = `sequences are nested deeper than ${maxDepth / 2}`;
    levels.push(level);
    explicit = level.explicit;
  }
  function close() {
    levels.pop();
    explicit = levels.at(-1)?.explicit ?? order.encoding.explicit;
  }

  /** Item heads and delimiters have no VR, PS3.5 §7.5. */
  function delimiter(tag: number, length: number) {
    const level = levels.at(-1);
    if (tag === item) {
      if (length !== undefinedLength) skipping = length;
      else if (level?.kind === 'sequence') open({ kind: 'item', explicit });
      else if (level) problem = `${tagInWords(tag)} of undefined length where none can be`;
    } else if (tag === itemDelimiter) {
      if (level?.kind === 'item') close();
    } else if (tag === sequenceDelimiter) {
      // A missing item delimiter is forgiven: the end of the sequence ends its item too.
      if (level?.kind === 'item') close();
      if (levels.length > 0) close();
    } else problem = `unknown delimiter ${tagInWords(tag)}`;
  }

  function started(tag: number, vr: number, length: number) {
    if (length === undefinedLength) {
      if (vr === sq || vr === 0) open({ kind: 'sequence', explicit });
      // PS3.5 §6.2.2 note: UN of undefined length is a sequence in implicit VR little endian.
      else if (vr === un) open({ kind: 'sequence', explicit: false });
      else open({ kind: 'fragments', explicit });
      return;
    }
    const most = levels.length === 0 ? Math.min(order.keep(tag), length) : 0;
    if (most === 0 && levels.length === 0 && order.keep(tag) > 0) return kept(tag, vr, []);
    if (most === 0) skipping = length;
    else keeping = { tag, vr: words(vr), parts: [], left: most, thenSkip: length - most };
  }

  const words = (vr: number) => (vr === 0 ? '' : String.fromCharCode(vr >> 8, vr & 0xff));
  const kept = (tag: number, vr: number, parts: Buffer[]) =>
    order.element({ tag, vr: words(vr), value: Buffer.concat(parts) });

  /** @returns bytes the head at `at` has, or 0 when it is not whole yet */
  function head(bytes: Buffer, at: number, available: number): number {
    if (available < 8) return 0;
    const tag = u16(bytes, at) * 0x10000 + u16(bytes, at + 2);
    const level = levels.at(-1);
    if (tag >= 0xfffe0000 && tag < 0xffff0000) {
      delimiter(tag, u32(bytes, at + 4));
      return 8;
    }
    if (level && level.kind !== 'item') {
      problem = `${tagInWords(tag)} where an item of a sequence has to be`;
      return 8;
    }
    let vr = 0;
    let size = 8;
    let length: number;
    if (explicit) {
      const [first, second] = [bytes[at + 4] as number, bytes[at + 5] as number];
      if (isLetter(first) && isLetter(second)) vr = (first << 8) | second;
      else if (first > 0x3f || second > 0x3f || (first < 0x20 && first !== 0)) {
        // What is behind a file meta need not look like an element: it may be deflated.
        if (levels.length === 0 && order.stop(tag))
          stoppedAt = { tag, offset, valueOffset: offset + 8, length: undefined };
        else
          problem = `${tagInWords(tag)} has no value representation; the data set is not in the declared explicit VR`;
        return 8;
      } else vr = un;
      if (shortForm.has(vr) || (vr === un && !isLetter(first) && first !== 0x3f)) length = u16(bytes, at + 6);
      else {
        if (available < 12) return 0;
        size = 12;
        length = u32(bytes, at + 8);
      }
    } else length = u32(bytes, at + 4);
    if (levels.length === 0 && order.stop(tag)) {
      const known = length === undefinedLength ? undefined : length;
      stoppedAt = { tag, offset, valueOffset: offset + size, length: known };
      return size;
    }
    started(tag, vr, length);
    return size;
  }

  return {
    get problem() {
      return problem;
    },
    get stoppedAt() {
      return stoppedAt;
    },
    get skippable() {
      return skipping;
    },
    skip(bytes) {
      offset += bytes;
      skipping -= bytes;
    },
    push(chunk) {
      let at = 0;
      while (!problem && !stoppedAt) {
        if (skipping > 0) {
          const step = Math.min(skipping, chunk.length - at);
          at += step;
          offset += step;
          skipping -= step;
          if (skipping > 0) return false;
        } else if (keeping) {
          const part = chunk.subarray(at, at + keeping.left);
          at += part.length;
          offset += part.length;
          keeping.left -= part.length;
          // The rest comes with another chunk, and this one is not ours to keep.
          keeping.parts.push(keeping.left > 0 ? Buffer.from(part) : part);
          if (keeping.left > 0) return false;
          const { tag, vr, parts, thenSkip } = keeping;
          keeping = undefined;
          skipping = thenSkip;
          order.element({ tag, vr, value: Buffer.concat(parts) });
        } else if (carried > 0) {
          if (at >= chunk.length) return false;
          carry[carried++] = chunk[at++] as number;
          const size = head(carry, 0, carried);
          if (size > 0) {
            offset += size;
            carried = 0;
          }
        } else {
          if (at >= chunk.length) return false;
          const size = head(chunk, at, chunk.length - at);
          if (size === 0) {
            carried = chunk.copy(carry, 0, at);
            return false;
          }
          at += size;
          offset += size;
        }
      }
      return true;
    },
    end() {
      if (problem || stoppedAt) return;
      if (skipping > 0 || keeping)
        problem = `the data set ends ${skipping || keeping?.left} bytes before its last element does`;
      else if (carried > 0) problem = 'the data set ends inside the head of an element';
      else if (levels.length > 0) problem = 'the data set ends inside a sequence';
    },
  };
}
