import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Core } from '../core/compose.ts';

const route = /^\/api\/exports\/([A-Za-z0-9_-]{32})$/;

/**
 * `GET /api/exports/{ticket}`: the ZIP, streamed. The ticket is the proof instead of the token, which a browser's own download
 * cannot send: it cannot be guessed, and is good for once and a minute.
 *
 * @returns false when the request is no such one, or the ticket is not good
 */
export async function serveExport(
  zips: Core['zips'],
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const ticket = route.exec(url.pathname)?.[1];
  if (ticket === undefined || request.method !== 'GET') return false;
  const found = zips.take(ticket);
  if (!found) return false;
  response.writeHead(200, {
    'Content-Type': 'application/zip',
    'Content-Disposition': `attachment; filename="${found.name}"`,
    'Cache-Control': 'no-store',
    ...(found.bytes < 0 ? {} : { 'Content-Length': found.bytes }),
  });
  // A file that is gone meanwhile, or a reader that goes away: what came is shorter than was said, and the browser tells.
  await pipeline(found.stream, response).catch(() => void response.destroy());
  return true;
}
