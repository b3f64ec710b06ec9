import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInflateRaw } from 'node:zlib';
import { AppError } from '../../../shared/problems.ts';
import { createElementScanner, type ElementScanner, type KeptElement, type Stop } from './element-scanner.ts';
import { elementValues } from './element-values.ts';
import { findFileMeta } from './file-meta.ts';
import { encodingOf, isDeflated } from './transfer-syntax.ts';

/** What a file says of itself, up to its pixel data. */
export interface DicomFile {
  /** As its file meta says, or as its first bytes look when it has none. */
  transferSyntaxUid: string;
  /** False when the file meta, or the transfer syntax in it, is missing. */
  declared: boolean;
  /** From the file meta; '' when absent. */
  mediaStorageSopClassUid: string;
  mediaStorageSopInstanceUid: string;
  /** (0002,0102), when we are its creator; empty otherwise. */
  privateInformation: Buffer;
  dataSetOffset: number;
  size: number;
  /** Top-level elements before the pixel data; values longer than 64 KiB are cut. */
  elements: ReadonlyMap<number, KeptElement>;
  bigEndian: boolean;
  /** Where the pixel data begins, if there is any. */
  stoppedAt: Stop | undefined;
  /** Why the data set could not be read to its pixel data or end. */
  problem: string | undefined;
}

const chunkBytes = 64 * 1024;
const mostOfValue = 64 * 1024;
const mostOfAll = 16 * 2 ** 20;
/** A deflated header may unfold to this much; a bomb is cut off here. */
const mostInflated = 64 * 2 ** 20;
/** FloatPixelData, DoubleFloatPixelData and PixelData, and whatever follows them. */
const firstPixelTag = 0x7fe00000;

/**
 * Reads a file up to its pixel data, with bounded memory.
 * @throws NOT_DICOM when it has neither a file meta nor a data set at its start; errors of the file system as they are
 */
export async function readDicomFile(path: string): Promise<DicomFile> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const meta = await findFileMeta(file, size);
    if ('reason' in meta) throw new AppError('NOT_DICOM', { file: path, reason: meta.reason });
    const encoding = encodingOf(meta.transferSyntaxUid);
    const elements = new Map<number, KeptElement>();
    let total = 0;
    const scanner = createElementScanner({
      encoding,
      keep: () => (total < mostOfAll ? mostOfValue : 0),
      stop: tag => tag >= firstPixelTag,
      element(element) {
        total += element.value.length + 64;
        if (!elements.has(element.tag)) elements.set(element.tag, element);
      },
    });
    const problem = isDeflated(meta.transferSyntaxUid)
      ? await scanDeflated(path, meta.dataSetOffset, scanner)
      : await scanPlain(file, meta.dataSetOffset, size, scanner);
    const { stoppedAt } = scanner;
    return { ...meta, size, elements, bigEndian: encoding.bigEndian, stoppedAt, problem: problem ?? scanner.problem };
  } finally {
    await file.close();
  }
}

async function scanPlain(file: FileHandle, from: number, size: number, scanner: ElementScanner): Promise<undefined> {
  const buffer = Buffer.allocUnsafe(chunkBytes);
  for (let at = from; ; ) {
    const jump = Math.min(scanner.skippable, Math.max(0, size - at));
    scanner.skip(jump);
    at += jump;
    const { bytesRead } = await file.read(buffer, 0, chunkBytes, at);
    if (bytesRead === 0) return void scanner.end();
    at += bytesRead;
    if (scanner.push(buffer.subarray(0, bytesRead))) return;
  }
}

async function scanDeflated(path: string, from: number, scanner: ElementScanner): Promise<string | undefined> {
  const inflate = createInflateRaw();
  const source = createReadStream(path, { start: from, highWaterMark: chunkBytes });
  source.on('error', error => inflate.destroy(error));
  source.pipe(inflate);
  let total = 0;
  try {
    for await (const chunk of inflate) {
      total += (chunk as Buffer).length;
      if (scanner.push(chunk as Buffer)) return undefined;
      if (total > mostInflated) return `its deflated header is longer than ${mostInflated / 2 ** 20} MiB`;
    }
    scanner.end();
    return undefined;
  } catch (error) {
    return `its deflated data set is damaged (${(error as NodeJS.ErrnoException).code ?? 'zlib'})`;
  } finally {
    source.destroy();
    inflate.destroy();
  }
}

/** Values of a top-level element as text; undefined when the file does not have it. `vr` counts in implicit VR only. */
export function valuesOf(
  file: Pick<DicomFile, 'elements' | 'bigEndian'>,
  tag: number,
  vr: string,
): string[] | undefined {
  const element = file.elements.get(tag);
  if (!element) return undefined;
  const declared = element.vr === '' || element.vr === 'UN' ? vr : element.vr;
  const specific = file.elements.get(0x00080005);
  const characterSets = specific ? elementValues('CS', specific.value, [], false) : [];
  return elementValues(declared, element.value, characterSets, file.bigEndian);
}
