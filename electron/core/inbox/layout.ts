import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError } from '../../../shared/problems.ts';
import { directorySyncNow, type OpenDirectory, openDirectory } from './durable.ts';

/**
 * Where files are:
 *   DATA/incoming/UNIQUE.part                    while an object arrives
 *   DATA/instances/YYYYMMDD/HHMM/UNIQUE.dcm      from its seal on (UTC; one directory a minute keeps directory syncs few)
 *   DATA/quarantine/                             found at start without a seal that fits
 */
export interface Layout {
  incoming: string;
  instances: string;
  quarantine: string;
  newPart(): string;
  /** A name for a finished file in the directory of this minute, which exists durably. */
  newFinal(): { path: string; file: string; directory: FinalDirectory };
  close(): void;
}

export interface FinalDirectory extends OpenDirectory {
  /** `instances/YYYYMMDD/HHMM` */
  name: string;
}

/** Directories open at the same time: the current one, and a former one whose last group is still being synced. */
const keepOpen = 4;

export function createLayout(dataDirectory: string): Layout {
  const [incoming, instances, quarantine] = ['incoming', 'instances', 'quarantine'].map(name => {
    const path = join(dataDirectory, name);
    try {
      mkdirSync(path, { recursive: true });
    } catch (error) {
      const reason = (error as Error).message;
      throw new AppError('DATA_DIR_UNWRITABLE', { path: dataDirectory, reason }, { cause: error });
    }
    return path;
  }) as [string, string, string];
  directorySyncNow(dataDirectory);
  let open: FinalDirectory[] = [];

  function current(): FinalDirectory {
    const name = `instances/${minuteName(Date.now())}`;
    const found = open.find(directory => directory.name === name);
    if (found) return found;
    const path = join(dataDirectory, name);
    mkdirSync(path, { recursive: true });
    // The new directory has to survive a power cut together with its files: its parents name it.
    for (const parent of [dirname(path), instances]) directorySyncNow(parent);
    const directory = { name, ...openDirectory(path) };
    open.push(directory);
    for (const old of open.slice(0, -keepOpen)) old.close();
    open = open.slice(-keepOpen);
    return directory;
  }

  return {
    incoming,
    instances,
    quarantine,
    newPart: () => join(incoming, `${randomUUID()}.part`),
    newFinal() {
      const directory = current();
      const path = `${directory.name}/${randomUUID()}.dcm`;
      return { path, file: join(dataDirectory, path), directory };
    },
    close() {
      for (const directory of open.splice(0)) directory.close();
    },
  };
}

/** `YYYYMMDD/HHMM` in UTC. */
export function minuteName(time: number): string {
  const digits = new Date(time).toISOString().replace(/\D/g, '');
  return `${digits.slice(0, 8)}/${digits.slice(8, 12)}`;
}
