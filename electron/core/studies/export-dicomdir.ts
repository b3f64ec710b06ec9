import { randomUUID } from 'node:crypto';
import { implementationClassUid, mediaStorageDirectory } from '../dicom/index.ts';

/** An element of a directory record: tag, VR, and text, or an item of a sequence. */
export type Key = [tag: number, vr: string, value: string | Key[]];

/** A directory record and what is below it, PS3.3 §F.3. */
export interface DirectoryRecord {
  type: string;
  /** In the order of their tags. */
  keys: Key[];
  file?: { id: string[]; sopClassUid: string; sopInstanceUid: string; transferSyntaxUid: string };
  below: DirectoryRecord[];
}

const explicitLittleEndian = '1.2.840.10008.1.2.1';
/** VRs with 2 reserved bytes and a 32-bit length, PS3.5 §7.1.2. */
const longForm = new Set(['OB', 'SQ', 'UT']);
/** In a record, from the start of its item: behind the item head and two element heads with their values. */
const nextAt = 8 + 8;
const lowerAt = nextAt + 4 + 10 + 8;

/**
 * The bytes of a DICOMDIR, PS3.3 Annex F: records in the order of a walk, each naming by its offset in the file the next one
 * beside it and the first one below it.
 */
export function writeDicomdir(fileSetId: string, roots: DirectoryRecord[]): Buffer {
  const meta = metaBytes();
  const head = (first: number, last: number) =>
    Buffer.concat([
      element(0x00041130, 'CS', fileSetId),
      element(0x00041200, 'UL', u32(first)),
      element(0x00041202, 'UL', u32(last)),
      element(0x00041212, 'US', u16(0)),
    ]);
  const start = meta.length + head(0, 0).length + 12;
  const records: Buffer[] = [];
  let at = start;

  /** @returns the offset of the first record, and of the last */
  function write(level: DirectoryRecord[]): { first: number; last: number } {
    let [first, last] = [0, 0];
    let before: Buffer | undefined;
    for (const record of level) {
      const bytes = recordBytes(record);
      records.push(bytes);
      last = at;
      first ||= at;
      before?.writeUInt32LE(at, nextAt);
      before = bytes;
      at += bytes.length;
      if (record.below.length > 0) bytes.writeUInt32LE(write(record.below).first, lowerAt);
    }
    return { first, last };
  }
  const { first, last } = write(roots);
  const sequence = Buffer.alloc(12);
  writeHead(sequence, 0x00041220, 'SQ', at - start);
  return Buffer.concat([meta, head(first, last), sequence, ...records]);
}

/** PS3.10 §7.1 */
function metaBytes(): Buffer {
  const uid = `2.25.${BigInt(`0x${randomUUID().replaceAll('-', '')}`)}`;
  const elements = Buffer.concat([
    element(0x00020001, 'OB', Buffer.from([0, 1])),
    element(0x00020002, 'UI', mediaStorageDirectory),
    element(0x00020003, 'UI', uid),
    element(0x00020010, 'UI', explicitLittleEndian),
    element(0x00020012, 'UI', implementationClassUid),
  ]);
  const length = element(0x00020000, 'UL', u32(elements.length));
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), length, elements]);
}

function recordBytes({ type, keys, file }: DirectoryRecord): Buffer {
  const parts = [
    element(0x00041400, 'UL', u32(0)),
    // FFFF: in use, PS3.3 §F.3.2.2
    element(0x00041410, 'US', u16(0xffff)),
    element(0x00041420, 'UL', u32(0)),
    element(0x00041430, 'CS', type),
  ];
  if (file) {
    parts.push(
      element(0x00041500, 'CS', file.id.join('\\')),
      element(0x00041510, 'UI', file.sopClassUid),
      element(0x00041511, 'UI', file.sopInstanceUid),
      element(0x00041512, 'UI', file.transferSyntaxUid),
    );
  }
  if (!isPlain(keys)) parts.push(element(0x00080005, 'CS', 'ISO_IR 192'));
  return itemBytes([...parts, ...keys.map(keyBytes)]);
}

const isPlain = (keys: Key[]): boolean =>
  keys.every(([, , value]) => (typeof value === 'string' ? /^[\x20-\x7e]*$/.test(value) : isPlain(value)));

function keyBytes([tag, vr, value]: Key): Buffer {
  if (typeof value !== 'string') {
    return element(tag, vr, value.length > 0 ? itemBytes(value.map(keyBytes)) : Buffer.alloc(0));
  }
  if (vr === 'US') return element(tag, vr, value === '' ? Buffer.alloc(0) : u16(Number(value)));
  return vr === 'UL' ? element(tag, vr, value === '' ? Buffer.alloc(0) : u32(Number(value))) : element(tag, vr, value);
}

function itemBytes(parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.writeUInt16LE(0xfffe, 0);
  head.writeUInt16LE(0xe000, 2);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content]);
}

function element(tag: number, vr: string, value: string | Buffer): Buffer {
  let bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  if (bytes.length % 2 === 1) bytes = Buffer.concat([bytes, Buffer.from([vr === 'UI' ? 0 : 0x20])]);
  const head = Buffer.alloc(longForm.has(vr) ? 12 : 8);
  writeHead(head, tag, vr, bytes.length);
  return Buffer.concat([head, bytes]);
}

function writeHead(head: Buffer, tag: number, vr: string, length: number): void {
  head.writeUInt16LE(tag >>> 16, 0);
  head.writeUInt16LE(tag & 0xffff, 2);
  head.write(vr, 4, 'latin1');
  if (longForm.has(vr)) head.writeUInt32LE(length, 8);
  else head.writeUInt16LE(length, 6);
}

const u16 = (value: number) => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
};
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
