import { constants, createWriteStream } from 'node:fs';
import { copyFile, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../../shared/problems.ts';
import type { Exported, ExportForm, ExportTicket } from '../../../shared/schemas/exports.ts';
import { exportName, type ZipContent, type ZipTickets, zipOf } from '../lib/zip-tickets.ts';
import type { LogHub } from '../logs/index.ts';
import type { Db } from '../store/index.ts';
import { createExportPlan, type ExportPlan } from './export-plan.ts';

/** Studies as DICOM files with a DICOMDIR, byte by byte as they are stored: as a ZIP to download, or below a path. */
export interface Exports {
  /** @throws STUDY_NOT_FOUND, FILE_UNREADABLE */
  ticket(studyInstanceUids: string[]): Promise<ExportTicket>;
  /** @throws STUDY_NOT_FOUND, FILE_UNREADABLE, FOLDER_UNWRITABLE; what was written until then is removed */
  write(
    order: { studyInstanceUids: string[]; folder: string; form: ExportForm },
    signal?: AbortSignal,
  ): Promise<Exported>;
}

interface Needs {
  db: Db;
  dataDirectory: string;
  tickets: Pick<ZipTickets, 'offer'>;
  log: LogHub;
}

export function createExports({ db, dataDirectory, tickets, log }: Needs): Exports {
  const planOf = createExportPlan({ db, dataDirectory });

  async function writeTo(path: string, plan: ExportPlan, form: ExportForm, signal: AbortSignal | undefined) {
    if (form === 'zip') {
      return pipeline(zipOf(contentOf(plan)).stream, createWriteStream(path, { flags: 'wx', mode: 0o640 }), { signal });
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
    ticket: async studyInstanceUids => tickets.offer(contentOf(await planOf(studyInstanceUids))),
    async write({ studyInstanceUids, folder, form }, signal) {
      const plan = await planOf(studyInstanceUids, signal);
      const unwritable = (cause: Error) =>
        new AppError('FOLDER_UNWRITABLE', { path: folder, reason: cause.message }, { cause });
      if (!isAbsolute(folder)) throw unwritable(new Error('the path is not absolute'));
      const info = await stat(folder).catch((error: Error) => {
        throw unwritable(error);
      });
      if (!info.isDirectory()) throw unwritable(new Error('it is no folder'));
      const path = join(folder, form === 'zip' ? `${exportName()}.zip` : exportName());
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

const contentOf = ({ files, dicomdir }: ExportPlan): ZipContent => ({
  files,
  made: { name: 'DICOMDIR', content: dicomdir },
});
