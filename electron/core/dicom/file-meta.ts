import type { FileHandle } from 'node:fs/promises';
import { createElementScanner } from './element-scanner.ts';
import { elementValues } from './element-values.ts';
import { privateInformationCreatorUid } from './part-10-head.ts';
import { transferSyntax } from './transfer-syntax.ts';

/** Where the data set of a file begins and how it is encoded; `reason` says why there is none. */
export interface FoundMeta {
  transferSyntaxUid: string;
  declared: boolean;
  mediaStorageSopClassUid: string;
  mediaStorageSopInstanceUid: string;
  /** (0002,0102), when we are its creator; empty otherwise. */
  privateInformation: Buffer;
  dataSetOffset: number;
}

type Meta = Omit<FoundMeta, 'declared' | 'dataSetOffset'>;

/** More file meta than this is none. */
const mostMeta = 2 ** 20;
const firstLook = 64 * 1024;

/** Files by their first bytes, so that the reason for a refusal names them. */
const signatures: [magic: string, words: string][] = [
  ['504b0304', 'it is a ZIP archive'],
  ['1f8b', 'it is gzip-compressed'],
  ['25504446', 'it is a PDF'],
  ['89504e47', 'it is a PNG image'],
  ['ffd8ff', 'it is a JPEG image'],
  ['5c010000', 'it is a NIfTI image'],
];

/**
 * Finds the data set of a Part 10 file (PS3.10 §7.1), or of one whose preamble, prefix, meta or transfer syntax is
 * missing: then the first element tells the encoding.
 */
export async function findFileMeta(file: FileHandle, size: number): Promise<FoundMeta | { reason: string }> {
  if (size === 0) return { reason: 'it is empty' };
  const first = await read(file, 0, firstLook);
  const prefix = (at: number) => first.toString('latin1', at, at + 4) === 'DICM';
  const start = prefix(128) ? 132 : prefix(0) ? 4 : 0;
  const found: Meta = {
    mediaStorageSopClassUid: '',
    mediaStorageSopInstanceUid: '',
    transferSyntaxUid: '',
    privateInformation: Buffer.alloc(0),
  };
  let dataSetOffset = start;
  if (first.length >= start + 8 && first.readUInt16LE(start) === 2) {
    const length = await scanMeta(file, first, start, found);
    if (typeof length === 'string') return { reason: length };
    dataSetOffset += length;
  }
  if (found.transferSyntaxUid !== '') return { ...found, declared: true, dataSetOffset };
  const look = await read(file, dataSetOffset, 8);
  const guess = encodingByLooks(look);
  if (guess) return { ...found, transferSyntaxUid: guess, declared: false, dataSetOffset };
  if (dataSetOffset >= size) return { reason: 'it ends before its data set' };
  if (start > 0 || dataSetOffset > 0)
    return { reason: 'its transfer syntax is missing, and its data set does not show it' };
  const known = signatures.find(([magic]) => first.toString('hex', 0, 4).startsWith(magic));
  return { reason: known?.[1] ?? 'it has neither a DICM prefix nor a DICOM data set at its start' };
}

/** @returns bytes of the file meta, or why it cannot be read */
async function scanMeta(file: FileHandle, first: Buffer, start: number, found: Meta): Promise<number | string> {
  const uids: Record<number, 'mediaStorageSopClassUid' | 'mediaStorageSopInstanceUid' | 'transferSyntaxUid'> = {
    131074: 'mediaStorageSopClassUid',
    131075: 'mediaStorageSopInstanceUid',
    131088: 'transferSyntaxUid',
  };
  let creator = '';
  const scanner = createElementScanner({
    // Some writers got the meta wrong and wrote it in implicit VR.
    encoding: { explicit: isUpper(first[start + 4]) && isUpper(first[start + 5]), bigEndian: false },
    keep: tag => (uids[tag] || tag === 0x00020100 || tag === 0x00020102 ? 1024 : 0),
    // The group length is often wrong: the meta ends where group 0002 does.
    stop: tag => tag >>> 16 !== 2,
    element({ tag, value }) {
      const key = uids[tag];
      const uid = () => elementValues('UI', value, [], false)[0] ?? '';
      if (key) found[key] = uid();
      else if (tag === 0x00020100) creator = uid();
      else if (creator === privateInformationCreatorUid) found.privateInformation = value;
    },
  });
  for (let at = start, bytes = first.subarray(start); bytes.length > 0 && at - start < mostMeta; ) {
    if (scanner.push(bytes)) break;
    at += bytes.length;
    bytes = await read(file, at, firstLook);
    if (bytes.length === 0) scanner.end();
  }
  if (scanner.stoppedAt) return scanner.stoppedAt.offset;
  return scanner.problem ? `its file meta cannot be read: ${scanner.problem}` : 'it ends before its data set';
}

async function read(file: FileHandle, at: number, most: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(most);
  const { bytesRead } = await file.read(buffer, 0, most, at);
  return buffer.subarray(0, bytesRead);
}

const isUpper = (byte: number | undefined) => byte !== undefined && byte >= 0x41 && byte <= 0x5a;

/** Transfer syntax of a data set by its first element: a low even group, then VR letters or a length. */
function encodingByLooks(look: Buffer): string | undefined {
  if (look.length < 8) return undefined;
  const plausible = (group: number) => group >= 0x0008 && group <= 0x0028 && group % 2 === 0;
  const explicit = isUpper(look[4]) && isUpper(look[5]);
  if (plausible(look.readUInt16LE(0))) {
    if (explicit) return transferSyntax.explicitLittleEndian;
    return look.readUInt32LE(4) < 2 ** 24 || look.readUInt32LE(4) === 0xffffffff
      ? transferSyntax.implicitLittleEndian
      : undefined;
  }
  return explicit && plausible(look.readUInt16BE(0)) ? transferSyntax.explicitBigEndian : undefined;
}
