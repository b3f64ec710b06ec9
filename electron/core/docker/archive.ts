import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, pack } from 'tar-stream';

export interface ArchiveEntry {
  /** Path inside the archive, with forward slashes. */
  name: string;
  file: string;
  bytes: number;
}

/** Whatever user the container runs as has to reach its input, and to write its output. */
const folderMode = 0o777;
const fileMode = 0o644;

/**
 * Files, read as the tar is read, and folders of their own. The folders above each file are in it as well.
 *
 * @param folders paths of folders to be there even when they hold nothing
 */
export function packTar(entries: readonly ArchiveEntry[], folders: readonly string[]): Readable {
  const tar = pack();
  const made = new Set<string>();
  const folder = (name: string) => {
    if (name === '.' || name === '' || made.has(name)) return;
    made.add(name);
    tar.entry({ name: `${name}/`, type: 'directory', mode: folderMode });
  };
  const fill = async () => {
    for (const name of folders) folder(name);
    for (const { name, file, bytes } of entries) {
      // Only below the given folders: those above are the image's own.
      const above = folders.find(root => name.startsWith(`${root}/`)) ?? '';
      const inside = posix
        .dirname(name)
        .slice(above.length + 1)
        .split('/')
        .filter(Boolean);
      for (const index of inside.keys()) folder([above, ...inside.slice(0, index + 1)].join('/'));
      const entry = tar.entry({ name, size: bytes, mode: fileMode });
      await pipeline(createReadStream(file), entry);
    }
    tar.finalize();
  };
  fill().catch(error => tar.destroy(error as Error));
  return Readable.from(tar);
}

/**
 * Unpacks regular files below `directory`, without the archive's leading folder. Links, devices and names that lead out
 * of the folder are left out and told.
 */
export async function extractTar(
  tar: Readable,
  directory: string,
  skipped: (name: string, why: string) => void,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const archive = extract();
  const reading = pipeline(tar, archive);
  // Awaited below: a broken archive also ends the loop.
  reading.catch(() => {});
  for await (const entry of archive) {
    const { name, type } = entry.header;
    const inside = posix.normalize(name).split('/').filter(Boolean).slice(1);
    if (type === 'directory' || inside.length === 0) entry.resume();
    else if (inside.includes('..') || inside.some(part => part.includes('\\') || part.includes('\0'))) {
      skipped(name, 'its name leads out of the output folder');
      entry.resume();
    } else if (type === 'file' || type === 'contiguous-file') {
      const path = join(directory, ...inside);
      await mkdir(dirname(path), { recursive: true });
      await pipeline(entry, createWriteStream(path));
    } else {
      skipped(name, `it is a ${type}`);
      entry.resume();
    }
  }
  await reading;
}
