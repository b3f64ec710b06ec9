import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../../../shared/problems.ts';

interface Order {
  /** Absolute. */
  file: string;
  folder: string;
  sopInstanceUid: string;
  signal?: AbortSignal;
  /** How a file gets its name without overwriting; other ones than hard links are for tests. */
  makeLink?: typeof link;
}

const versions = 1000;
const pieceBytes = 1024 * 1024;
/** File systems without hard links, such as those of many network drives. */
const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL']);
/** Directories of some systems cannot be synced, and need not be. */
const noSync = new Set(['EPERM', 'EISDIR', 'EINVAL', 'ENOTSUP', 'EACCES']);

/**
 * Puts a copy under `SOPInstanceUID.dcm` into the folder, synced before it counts. A file of that name with other bytes is
 * left alone: the copy becomes `SOPInstanceUID.version-2.dcm`, and so on. Done twice it writes once.
 *
 * @throws FILE_UNREADABLE for the file itself, FOLDER_UNWRITABLE, the signal's reason
 */
export async function copyToFolder({ file, folder, sopInstanceUid, signal, makeLink = link }: Order): Promise<void> {
  const name = fileName(sopInstanceUid);
  // The same file has the same temporary name: what a crash leaves is overwritten by the next attempt.
  const temporary = join(folder, `.${name}.${createHash('sha256').update(file).digest('hex').slice(0, 8)}.part`);
  const source = await open(file, 'r').catch(cause => {
    throw new AppError('FILE_UNREADABLE', { file, reason: cause.message }, { cause });
  });
  try {
    await mkdir(folder, { recursive: true });
    const hash = createHash('sha256');
    await pipeline(
      source.createReadStream({ autoClose: false, highWaterMark: pieceBytes }),
      async function* (pieces: AsyncIterable<Buffer>) {
        for await (const piece of pieces) {
          hash.update(piece);
          yield piece;
        }
      },
      createWriteStream(temporary, { flush: true }),
      { signal },
    );
    await underFreeName(temporary, join(folder, name), hash.digest('hex'), makeLink);
    await syncDirectory(folder);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new AppError('FOLDER_UNWRITABLE', { path: folder, reason: (cause as Error).message }, { cause });
  } finally {
    await source.close();
    await rm(temporary, { force: true }).catch(() => {});
  }
}

/** A UID comes from a file that somebody else wrote: it must not lead out of the folder. */
function fileName(sopInstanceUid: string): string {
  if (sopInstanceUid.length <= 64 && /^\d+(\.\d+)*$/.test(sopInstanceUid)) return sopInstanceUid;
  return `uid-${createHash('sha256').update(sopInstanceUid).digest('hex').slice(0, 32)}`;
}

/** Never overwrites, so two copies at once cannot take the same name. */
async function underFreeName(temporary: string, path: string, hash: string, makeLink: typeof link): Promise<void> {
  for (let version = 1; version <= versions; version++) {
    const name = version === 1 ? `${path}.dcm` : `${path}.version-${version}.dcm`;
    try {
      return await makeLink(temporary, name).catch(error => insteadOfLink(error, temporary, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const there = await hashOf(name);
      if (there === hash) return;
      // A name that was taken for a file that never came: the power went away.
      if (there === emptyHash) return await rename(temporary, name);
    }
  }
  throw new Error(`${versions} versions of this instance are there already`);
}

/** Takes the name with an empty file, then puts the whole one in its place. */
async function insteadOfLink(error: NodeJS.ErrnoException, temporary: string, name: string): Promise<void> {
  if (!noLinks.has(error.code ?? '')) throw error;
  await (await open(name, 'wx')).close();
  await rename(temporary, name);
}

async function syncDirectory(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    if (!noSync.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

const emptyHash = createHash('sha256').digest('hex');

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: pieceBytes })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
