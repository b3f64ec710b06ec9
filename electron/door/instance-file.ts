import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Core } from '../core/compose.ts';

/** Answers `GET|HEAD /api/instances/{uid}/file`: streamed, by ranges, never whole in memory. @throws INSTANCE_NOT_FOUND */
export async function serveInstanceFile(
  core: Core,
  uid: string,
  version: number | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { path, sha256 } = core.studies.instanceFile(uid, version);
  const { size } = await stat(path);
  const etag = `"${sha256}"`;
  response.setHeader('Content-Type', 'application/dicom');
  response.setHeader('Content-Disposition', `attachment; filename="${uid}.dcm"`);
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('ETag', etag);
  // The bytes of a version never change, but only the holder of the token may keep them.
  response.setHeader('Cache-Control', 'private, max-age=31536000, immutable');
  if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end();
  const range = byteRange(request.headers.range, size);
  if (range === 'unsatisfiable') {
    return void response.writeHead(416, { 'Content-Range': `bytes */${size}` }).end();
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  if (range) response.setHeader('Content-Range', `bytes ${start}-${end}/${size}`);
  response.writeHead(range ? 206 : 200, { 'Content-Length': end - start + 1 });
  if (request.method === 'HEAD') return void response.end();
  // A reader that goes away half-way is nothing to report.
  await pipeline(createReadStream(path, { start, end }), response).catch(() => response.destroy());
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
