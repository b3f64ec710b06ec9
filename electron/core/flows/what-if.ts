import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { z } from 'zod';
import { AppError, problemOf } from '../../../shared/problems.ts';
import type { Explanation, explainSchema } from '../../../shared/schemas/flows.ts';
import { readHeader } from '../dicom/index.ts';
import type { Db } from '../store/index.ts';
import { parseFlow } from './definition.ts';
import { explainFlow } from './explain.ts';

export type WhatIfOrder = z.infer<typeof explainSchema>;

/** A folder is looked at to judge triggers, not to be imported: this many files tell enough. */
const folderLimit = 5000;

/**
 * Judges a flow that is not saved yet by instances that are there: a batch, a study or a folder.
 *
 * @throws BATCH_NOT_FOUND, STUDY_NOT_FOUND, REQUEST_INVALID (folder)
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
    const files = await filesOf(order);
    const headers = [];
    const unreadable: Explanation['unreadable'] = [];
    for (const file of files) {
      try {
        const header = await readHeader(file);
        headers.push({ sopInstanceUid: header.sopInstanceUid, values: (keyword: string) => header.values(keyword) });
      } catch (error) {
        unreadable.push({ file: relative(order.folder ?? dataDirectory, file), problem: problemOf(error) });
      }
    }
    const verdict = flow ? await explainFlow(flow, 'unsaved.yml', headers) : null;
    return { valid: flow !== null, problems, instanceCount: headers.length, verdict, unreadable };
  };
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
