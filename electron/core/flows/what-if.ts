import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { z } from 'zod';
import { AppError, problemOf } from '../../../shared/problems.ts';
import type { Explanation, explainSchema } from '../../../shared/schemas/flows.ts';
import { type Header, readHeader } from '../dicom/index.ts';
import type { Db } from '../store/index.ts';
import { parseFlow } from './definition.ts';
import { explainFlow } from './explain.ts';
import type { Instance } from './trigger.ts';

export type WhatIfOrder = z.infer<typeof explainSchema>;

/** A folder is looked at to judge triggers, not to be imported: this many files tell enough. */
const folderLimit = 5000;

/**
 * Judges a flow that is not saved yet by instances that are there: a batch, a study, a folder, or the head of a file.
 *
 * @throws BATCH_NOT_FOUND, STUDY_NOT_FOUND, REQUEST_INVALID (folder), NOT_DICOM (head)
 */
export function createWhatIf({ db, dataDirectory }: { db: Db; dataDirectory: string }) {
  const ofBatch = db.prepare<[number], { path: string }>(`
    SELECT i.path FROM batch_instances b JOIN instances i ON i.id = b.instance_id WHERE b.batch_id = ? ORDER BY i.id`);
  const ofStudy = db.prepare<[string], { path: string }>(`
    SELECT i.path FROM studies t JOIN series s ON s.study_id = t.id JOIN instances i ON i.series_id = s.id
    WHERE t.study_instance_uid = ? ORDER BY i.id`);

  async function filesOf(order: WhatIfOrder): Promise<string[]> {
    if (order.folder !== undefined) return folderFiles(order.folder);
    const rows = order.batchId !== undefined ? ofBatch.all(order.batchId) : ofStudy.all(order.studyInstanceUid ?? '');
    if (rows.length > 0) return rows.map(row => join(dataDirectory, row.path));
    if (order.batchId !== undefined) throw new AppError('BATCH_NOT_FOUND', { id: order.batchId });
    throw new AppError('STUDY_NOT_FOUND', { studyInstanceUid: order.studyInstanceUid ?? '' });
  }

  return async (order: WhatIfOrder): Promise<Explanation> => {
    const { flow, problems } = parseFlow(order.text, 'unsaved.yml');
    const headers = [];
    const unreadable: Explanation['unreadable'] = [];
    if (order.head) headers.push(instanceOf(await readHead(dataDirectory, order.head)));
    for (const file of order.head ? [] : await filesOf(order)) {
      try {
        headers.push(instanceOf(await readHeader(file)));
      } catch (error) {
        unreadable.push({ file: relative(order.folder ?? dataDirectory, file), problem: problemOf(error) });
      }
    }
    const verdict = flow ? await explainFlow(flow, 'unsaved.yml', headers) : null;
    return { valid: flow !== null, problems, instanceCount: headers.length, verdict, unreadable };
  };
}

const instanceOf = (header: Header): Instance => ({
  sopInstanceUid: header.sopInstanceUid,
  values: keyword => header.values(keyword),
});

/** It is patient data: it lies in the data directory, and only while it is read. */
async function readHead(dataDirectory: string, head: NonNullable<WhatIfOrder['head']>): Promise<Header> {
  const folder = await mkdtemp(join(dataDirectory, '.try-'));
  try {
    const path = join(folder, 'head');
    await writeFile(path, Buffer.from(head.base64, 'base64'));
    return await readHeader(path);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'NOT_DICOM') throw error;
    const { reason } = error.params as { reason: string };
    throw new AppError('NOT_DICOM', { file: head.name, reason }, { cause: error });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function folderFiles(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter(entry => entry.isFile())
      .slice(0, folderLimit)
      .map(entry => join(entry.parentPath, entry.name))
      .sort();
  } catch (cause) {
    throw new AppError('REQUEST_INVALID', { field: 'folder', expected: 'a folder that Gantry can read' }, { cause });
  }
}
