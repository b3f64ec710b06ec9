import { randomBytes } from 'node:crypto';
import { constants, createReadStream, createWriteStream } from 'node:fs';
import { copyFile, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { AppError } from '../../../shared/problems.ts';
import type { Exported, ExportForm, ExportTicket } from '../../../shared/schemas/exports.ts';
import type { LogHub } from '../logs/index.ts';
import type { Db } from '../store/index.ts';
import { createExportPlan, type ExportPlan } from './export-plan.ts';

/** Studies as DICOM files with a DICOMDIR, byte by byte as they are stored: as a ZIP to download, or below a path. */
export interface Exports {
  /** @throws STUDY_NOT_FOUND, FILE_UNREADABLE */
  ticket(studyInstanceUids: string[]): Promise<ExportTicket>;
  /** The ZIP of a ticket, once. @returns null when there is no such ticket (any more) */
  download(ticket: string): { name: string; bytes: number; stream: Readable } | null;
  /** @throws STUDY_NOT_FOUND, FILE_UNREADABLE, FOLDER_UNWRITABLE; what was written until then is removed */
  write(
    order: { studyInstanceUids: string[]; folder: string; form: ExportForm },
    signal?: AbortSignal,
  ): Promise<Exported>;
}

const ticketMs = 60_000;

export function createExports({ db, dataDirectory, log }: { db: Db; dataDirectory: string; log: LogHub }): Exports {
  const planOf = createExportPlan({ db, dataDirectory });
  const tickets = new Map<string, { plan: ExportPlan; name: string; until: number }>();

  async function writeTo(path: string, plan: ExportPlan, form: ExportForm, signal: AbortSignal | undefined) {
    if (form === 'zip') {
      return pipeline(zipOf(plan).stream, createWriteStream(path, { flags: 'wx', mode: 0o640 }), { signal });
    }
    await mkdir(path);
    let last = '';
    for (const file of plan.files) {
      signal?.throwIfAborted();
      const target = join(path, file.name);
      if (dirname(target) !== last) await mkdir(dirname(target), { recursive: true });
      last = dirname(target);
      await copyFile(file.path, target, constants.COPYFILE_EXCL);
    }
    // Last: a file-set with a directory is whole.
    await writeFile(join(path, 'DICOMDIR'), plan.dicomdir, { flag: 'wx' });
  }

  return {
    async ticket(studyInstanceUids) {
      const plan = await planOf(studyInstanceUids);
      for (const [old, { until }] of tickets) if (until < Date.now()) tickets.delete(old);
      const id = randomBytes(24).toString('base64url');
      const name = `${nameNow()}.zip`;
      tickets.set(id, { plan, name, until: Date.now() + ticketMs });
      return { path: `/api/exports/${id}`, name, files: plan.files.length, bytes: plan.bytes };
    },
    download(id) {
      const found = tickets.get(id);
      tickets.delete(id);
      if (!found || found.until < Date.now()) return null;
      return { name: found.name, ...zipOf(found.plan) };
    },
    async write({ studyInstanceUids, folder, form }, signal) {
      const plan = await planOf(studyInstanceUids, signal);
      const unwritable = (cause: Error) =>
        new AppError('FOLDER_UNWRITABLE', { path: folder, reason: cause.message }, { cause });
      if (!isAbsolute(folder)) throw unwritable(new Error('the path is not absolute'));
      const info = await stat(folder).catch((error: Error) => {
        throw unwritable(error);
      });
      if (!info.isDirectory()) throw unwritable(new Error('it is no folder'));
      const path = join(folder, form === 'zip' ? `${nameNow()}.zip` : nameNow());
      try {
        await writeTo(path, plan, form, signal);
      } catch (error) {
        // What stood there before is not ours to remove.
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await rm(path, { recursive: true, force: true });
        throw unwritable(error as Error);
      }
      log.info('studies', `${studyInstanceUids.length} studies exported: ${plan.files.length} instances`);
      return { path, files: plan.files.length, bytes: plan.bytes };
    },
  };
}

/** `gantry-20261121-081500-ab12`: no patient in the name of a file that travels. */
function nameNow(): string {
  const digits = new Date().toISOString().replace(/\D/g, '');
  return `gantry-${digits.slice(0, 8)}-${digits.slice(8, 14)}-${randomBytes(2).toString('hex')}`;
}

/** Stored, not deflated: images hardly shrink, and so the size of the whole is known before its first byte. */
function zipOf({ files, dicomdir }: ExportPlan): { stream: Readable; bytes: number } {
  const zip = new ZipFile();
  const stream = zip.outputStream as Readable;
  let open: Readable | undefined;
  zip.on('error', error => void stream.destroy(error));
  // A reader that goes away must not leave a file open.
  stream.on('close', () => void open?.destroy());
  zip.addBuffer(dicomdir, 'DICOMDIR', { compress: false });
  for (const { path, name, bytes } of files) {
    // Opened when its turn comes: an export of a hundred thousand files holds one of them open.
    zip.addReadStreamLazy(name, { compress: false, size: bytes }, done => {
      const file = createReadStream(path);
      // Nobody else hears its error.
      file.on('error', error => void stream.destroy(error));
      open = file;
      done(null, file);
    });
  }
  let bytes = -1;
  const sized = zip.end as unknown as (options: object, told: (size: number) => void) => void;
  sized.call(zip, {}, size => (bytes = size));
  return { stream, bytes };
}
