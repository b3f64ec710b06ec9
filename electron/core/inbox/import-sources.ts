import type { Dirent } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import type { Readable } from 'node:stream';
import { AppError } from '../../../shared/problems.ts';
import { mediaStorageDirectory, readDicomFile } from '../dicom/index.ts';
import { referencedFiles } from './import-dicomdir.ts';
import { isZip, zipEntries } from './import-zip.ts';

/** Something to import, or the reason why what was asked for is not there. */
export type Source = { name: string; bytes: number } & (
  | { kind: 'file'; path: string }
  | { kind: 'entry'; open(): Promise<Readable>; release(): void }
  | { kind: 'absent'; reason: string }
);

/** @throws IMPORT_PATH_UNREADABLE for the first path that is not there */
export async function checkPaths(paths: string[]): Promise<void> {
  for (const path of paths) {
    await stat(path).catch((cause: Error) => {
      throw new AppError('IMPORT_PATH_UNREADABLE', { path, reason: cause.message }, { cause });
    });
  }
}

/**
 * Everything below the paths, one after the other, with no list of it in memory: the files of folders, the entries of ZIP
 * archives, and what a DICOMDIR names. `name` begins with what was dropped.
 */
export async function* sourcesOf(paths: string[]): AsyncGenerator<Source> {
  for (const path of paths) {
    const info = await stat(path);
    if (info.isDirectory()) yield* folder(path, dirname(path));
    else if (await isDicomdir(path)) yield* fileSet(path);
    else yield* file(path, basename(path));
  }
}

async function* folder(top: string, base: string): AsyncGenerator<Source> {
  const waiting = [top];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const here = path;
    const nameOf = (child: string) => relative(base, join(here, child)).replaceAll('\\', '/');
    let dicomdir: string | undefined;
    try {
      for await (const entry of await opendir(here, { bufferSize: 256 })) {
        if (entry.isDirectory()) waiting.push(join(here, entry.name));
        else if (isPlainFile(entry)) yield* file(join(here, entry.name), nameOf(entry.name));
        if (entry.isFile() && entry.name.toUpperCase() === 'DICOMDIR') dicomdir = entry.name;
      }
    } catch (error) {
      yield { kind: 'absent', name: nameOf(''), bytes: 0, reason: (error as Error).message };
    }
    if (dicomdir !== undefined) yield* missingOf(join(here, dicomdir), nameOf(dicomdir));
  }
}

/** No links: one may lead around in a circle. */
const isPlainFile = (entry: Dirent) => entry.isFile();

async function* file(path: string, name: string): AsyncGenerator<Source> {
  if (/\.zip$/i.test(name) && (await isZip(path).catch(() => false))) return yield* archive(path, name);
  const bytes = await sizeOf(path);
  yield { kind: 'file', path, name, bytes };
}

export async function* archive(path: string, name: string): AsyncGenerator<Source> {
  try {
    for await (const entry of zipEntries(path)) {
      yield { kind: 'entry', ...entry, name: `${name}/${entry.name}` };
    }
  } catch (error) {
    yield { kind: 'absent', name, bytes: 0, reason: (error as Error).message };
  }
}

/** A DICOMDIR alone stands for the files it names. */
async function* fileSet(path: string): AsyncGenerator<Source> {
  try {
    for await (const { name, path: there, reason } of referencedFiles(path)) {
      if (!there) yield { kind: 'absent', name, bytes: 0, reason };
      else yield { kind: 'file', path: there, name, bytes: await sizeOf(there) };
    }
  } catch (error) {
    yield { kind: 'absent', name: basename(path), bytes: 0, reason: (error as Error).message };
  }
}

/** What a DICOMDIR inside a folder names in vain; the folder itself is imported whole. */
async function* missingOf(path: string, name: string): AsyncGenerator<Source> {
  if (!(await isDicomdir(path))) return;
  for await (const source of fileSet(path)) {
    if (source.kind === 'absent') yield { ...source, name: `${name}: ${source.name}` };
  }
}

const sizeOf = (path: string) =>
  stat(path).then(
    info => info.size,
    () => 0,
  );

const isDicomdir = (path: string) =>
  readDicomFile(path).then(
    found => found.mediaStorageSopClassUid === mediaStorageDirectory,
    () => false,
  );
