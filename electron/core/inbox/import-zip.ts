import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import yauzl, { type Entry, type ZipFile } from 'yauzl';

/** An entry of an archive. `open` unpacks it, and fails with words; `release` has to be called when it is done with. */
export interface ZipEntry {
  name: string;
  bytes: number;
  open(): Promise<Readable>;
  release(): void;
}

/**
 * The longest entry that is unpacked: a data set is shorter than 4 GiB but for rare encapsulated ones. Entries are unpacked
 * one by one and removed again, so that an archive that unfolds to petabytes takes time, and no disk.
 */
const mostBytes = 8 * 2 ** 30;

export const isZip = async (path: string): Promise<boolean> => {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    // An archive without entries begins with its end.
    return bytesRead === 4 && ['504b0304', '504b0506'].includes(buffer.toString('hex'));
  } finally {
    await file.close();
  }
};

/**
 * The files of an archive, read from its central directory one by one; the archive is closed when the last one is released.
 * @throws in words, when the directory of the archive is damaged
 */
export async function* zipEntries(path: string): AsyncGenerator<ZipEntry> {
  const zip = await yauzl
    .openPromise(path, { lazyEntries: true, decodeStrings: false, autoClose: false })
    .catch((error: Error) => {
      throw new Error(`the ZIP archive cannot be read: ${error.message}`, { cause: error });
    });
  let held = 1;
  const release = () => {
    if (--held === 0) zip.close();
  };
  try {
    for await (const entry of zip.eachEntry()) {
      const name = nameOf(entry);
      if (name.endsWith('/')) continue;
      held++;
      yield { name, bytes: entry.uncompressedSize, open: () => unpack(zip, entry), release };
    }
  } catch (error) {
    throw new Error(`the directory of the ZIP archive is damaged: ${(error as Error).message}`, { cause: error });
  } finally {
    release();
  }
}

/** Only shown, never a path: an entry called ../../x is a name like any other. */
const nameOf = (entry: Entry) =>
  yauzl
    .getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, false)
    .replaceAll('\\', '/');

async function unpack(zip: ZipFile, entry: Entry): Promise<Readable> {
  if (entry.isEncrypted()) throw new Error('it is encrypted');
  if (entry.uncompressedSize > mostBytes) throw new Error(`it unfolds to more than ${mostBytes / 2 ** 30} GiB`);
  if (!entry.canDecodeFileData())
    throw new Error(`it is compressed by method ${entry.compressionMethod}, not by deflate`);
  return zip.openReadStreamPromise(entry).catch((error: Error) => {
    throw new Error(`it cannot be unpacked: ${error.message}`, { cause: error });
  });
}
