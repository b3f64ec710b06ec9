import type { Dirent } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { flatElements, readDicomFile } from '../dicom/index.ts';

/** A file that a DICOMDIR names; `path` is null when it is not there, and `reason` says so. */
export interface ReferencedFile {
  name: string;
  path: string | null;
  reason: string;
}

/** A directory of a million instances is smaller; more is no DICOMDIR. */
const mostBytes = 512 * 2 ** 20;
const referencedFileId = 0x00041500;

/** Every file that a DICOMDIR names, in its order, PS3.3 §F.3; looked for whatever the case of its name on the disk. */
export async function* referencedFiles(dicomdir: string): AsyncGenerator<ReferencedFile> {
  const { size, dataSetOffset, bigEndian } = await readDicomFile(dicomdir);
  if (size > mostBytes) throw new Error(`the DICOMDIR is larger than ${mostBytes / 2 ** 20} MiB`);
  const listings = new Map<string, Promise<Dirent[]>>();
  const seen = new Set<string>();
  for (const components of fileIds((await readFile(dicomdir)).subarray(dataSetOffset), bigEndian)) {
    const name = components.join('/');
    if (seen.has(name)) continue;
    seen.add(name);
    // The name comes from a file that anybody may have made: it must not lead out of the file-set.
    const leaves = components.some(part => part === '' || part === '.' || part === '..' || /[/\0]/.test(part));
    if (leaves) yield { name, path: null, reason: 'the DICOMDIR names a file outside of its folder' };
    else {
      const path = await find(dirname(dicomdir), components, listings);
      yield { name, path, reason: path ? '' : 'the DICOMDIR names it, but it is not there' };
    }
  }
}

/** PS3.10 §8.2 asks for upper case; what was copied by hand is often in lower case, with or without a final dot. */
async function find(folder: string, components: string[], listings: Map<string, Promise<Dirent[]>>) {
  let path = folder;
  for (const part of components) {
    const entries = listings.get(path) ?? readdir(path, { withFileTypes: true }).catch(() => []);
    listings.set(path, entries);
    const same = (name: string) => name.toUpperCase() === part.toUpperCase();
    const names = (await entries).map(entry => entry.name);
    const found = names.find(name => name === part) ?? names.find(same);
    if (found === undefined) return null;
    path = join(path, found);
  }
  return path;
}

/** Components of every (0004,1500) Referenced File ID. */
function* fileIds(bytes: Buffer, bigEndian: boolean): Generator<string[]> {
  for (const { tag, value } of flatElements(bytes, bigEndian)) {
    if (tag !== referencedFileId) continue;
    const parts = value
      .toString('utf8')
      .split('\\')
      .map(part => part.replace(/^ +|[ \0]+$/g, ''));
    if (parts.some(part => part !== '')) yield parts;
  }
}
