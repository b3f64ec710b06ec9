import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the package: from the sources and from the bundle alike it is the nearest one above with our package.json. */
export function packageDirectory(from = fileURLToPath(import.meta.url)): string {
  for (let folder = dirname(from); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      if ((JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: string }).name === 'gantry')
        return folder;
    } catch {
      // Not here: one further up.
    }
  }
  throw new Error('no package.json of Gantry above this file');
}

export const gantryVersion = (folder = packageDirectory()): string =>
  (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
