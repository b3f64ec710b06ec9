import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { constants, copyFile, link, mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../../shared/problems.ts';

const versions = 1000;

/**
 * Puts a copy under `SOPInstanceUID.dcm` into the folder, synced before it counts. A file of that name with other bytes is
 * left alone: the copy becomes `SOPInstanceUID.version-2.dcm`, and so on. Done twice it writes once.
 *
 * @throws FOLDER_UNWRITABLE
 */
export async function copyToFolder(file: string, folder: string, sopInstanceUid: string): Promise<void> {
  const temporary = join(folder, `.${sopInstanceUid}.${randomBytes(4).toString('hex')}.part`);
  try {
    await mkdir(folder, { recursive: true });
    await copyFile(file, temporary, constants.COPYFILE_FICLONE);
    await synced(temporary, 'r+');
    try {
      await underFreeName(temporary, folder, sopInstanceUid);
    } finally {
      await unlink(temporary);
    }
    await synced(folder, 'r');
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('FOLDER_UNWRITABLE', { path: folder, reason: (cause as Error).message }, { cause });
  }
}

/** `link` never overwrites, so two copies at once cannot take the same name. */
async function underFreeName(temporary: string, folder: string, sopInstanceUid: string): Promise<void> {
  for (let version = 1; version <= versions; version++) {
    const path = join(folder, version === 1 ? `${sopInstanceUid}.dcm` : `${sopInstanceUid}.version-${version}.dcm`);
    try {
      return await link(temporary, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if ((await hashOf(path)) === (await hashOf(temporary))) return;
    }
  }
  throw new Error(`${versions} versions of ${sopInstanceUid} are there already`);
}

async function synced(path: string, flags: string): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
