import type { IncomingMessage } from 'node:http';
import { AppError } from '../../shared/problems.ts';
import { importFileSchema } from '../../shared/schemas/imports.ts';
import type { Core } from '../core/compose.ts';

const route = /^\/api\/imports\/(\d{1,15})\/files$/;

/**
 * `POST /api/imports/{id}/files?name=…&foundFiles=…&foundBytes=…`: the body is one file, as it is. It is taken as quickly as
 * the disk takes it, and never held in memory; the answer comes when the file is stored, or told in the report why not.
 *
 * @returns false when the request is no such one
 * @throws REQUEST_INVALID, DISK_LOW, IMPORT_NOT_FOUND, IMPORT_ENDED
 */
export async function takeUpload(
  { imports, inbox, dataDirectory }: Pick<Core, 'imports' | 'inbox' | 'dataDirectory'>,
  url: URL,
  request: IncomingMessage,
): Promise<boolean> {
  const id = route.exec(url.pathname)?.[1];
  if (id === undefined || request.method !== 'POST') return false;
  try {
    const { data, error } = importFileSchema.safeParse(Object.fromEntries(url.searchParams));
    const issue = error?.issues[0];
    if (!data) throw new AppError('REQUEST_INVALID', { field: String(issue?.path[0]), expected: issue?.message ?? '' });
    const bytes = Number(request.headers['content-length'] ?? 0);
    const { freeBytes, limitBytes } = inbox.freeSpace();
    if (bytes > freeBytes - limitBytes) throw new AppError('DISK_LOW', { path: dataDirectory, freeBytes, limitBytes });
    await imports.upload(Number(id), { ...data, bytes }, request);
    return true;
  } finally {
    // What was refused is read to its end: who sends it hears the answer only then.
    if (!request.destroyed) request.resume();
  }
}
