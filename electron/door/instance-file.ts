import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { AppError } from '../../shared/problems.ts';

/** Where the bytes of an instance are. @throws INSTANCE_NOT_FOUND */
export type FindInstance = (
  sopInstanceUid: string,
  version?: number,
) => { path: string; sha256: string } | Promise<{ path: string; sha256: string }>;

export interface FileAnswer {
  status: number;
  headers: Record<string, string>;
  body: Readable | null;
}

interface Asked {
  method: string;
  range: string | undefined;
  ifNoneMatch: string | undefined;
}

const route = /^\/api\/instances\/([0-9.]{1,128})\/file$/;

/**
 * Answer of both doors to `GET|HEAD /api/instances/{uid}/file`: streamed, by ranges, never whole in memory.
 *
 * @returns null when the URL is not one of a file
 * @throws INSTANCE_NOT_FOUND, REQUEST_INVALID, FILE_UNREADABLE
 */
export async function answerFile(find: FindInstance, url: URL, asked: Asked): Promise<FileAnswer | null> {
  const uid = route.exec(url.pathname)?.[1];
  if (!uid || (asked.method !== 'GET' && asked.method !== 'HEAD')) return null;
  const { path, sha256 } = await find(uid, versionOf(url));
  const { size } = await stat(path).catch((cause: Error) => {
    throw new AppError('FILE_UNREADABLE', { file: `${uid}.dcm`, reason: cause.message }, { cause });
  });
  const etag = `"${sha256}"`;
  const headers: Record<string, string> = {
    'Content-Type': 'application/dicom',
    'Content-Disposition': `attachment; filename="${uid}.dcm"`,
    'Accept-Ranges': 'bytes',
    ETag: etag,
    // The newest version may be another one tomorrow; the holder of the token asks again, and is told by the ETag.
    'Cache-Control': 'private, no-cache',
  };
  if (asked.ifNoneMatch === etag) return { status: 304, headers, body: null };
  const range = byteRange(asked.range, size);
  if (range === 'unsatisfiable') {
    return { status: 416, headers: { ...headers, 'Content-Range': `bytes */${size}` }, body: null };
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  if (range) headers['Content-Range'] = `bytes ${start}-${end}/${size}`;
  headers['Content-Length'] = String(end - start + 1);
  const body = asked.method === 'HEAD' ? null : createReadStream(path, { start, end });
  return { status: range ? 206 : 200, headers, body };
}

function versionOf(url: URL): number | undefined {
  const asked = url.searchParams.get('version');
  if (asked === null) return undefined;
  if (/^[1-9]\d{0,8}$/.test(asked)) return Number(asked);
  throw new AppError('REQUEST_INVALID', { field: 'version', expected: 'a whole number from 1' });
}

/** One range, RFC 9110 §14.1.2; several are answered with the whole. */
export function byteRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | null {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!found || (found[1] === '' && found[2] === '')) return null;
  const last = size - 1;
  const start = found[1] === '' ? Math.max(0, size - Number(found[2])) : Number(found[1]);
  const end = found[1] === '' || found[2] === '' ? last : Math.min(Number(found[2]), last);
  return start > last || start > end ? 'unsatisfiable' : { start, end };
}
