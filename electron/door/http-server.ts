import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { WebSocketServer } from 'ws';
import { AppError, type Problem } from '../../shared/problems.ts';
import type { Core } from '../core/compose.ts';
import { serveExport } from './export-download.ts';
import { answerFile } from './instance-file.ts';
import { toProblem } from './problem-error.ts';
import { statusOf } from './problem-status.ts';
import { openApiDocument, type Rpc } from './rpc.ts';
import { contentSecurityPolicy, findStatic, openStatic, securityHeaders } from './static-files.ts';
import { isToken } from './token.ts';
import { takeUpload } from './uploads.ts';

export interface HttpDoor {
  port: number;
  stop(): Promise<void>;
}

interface Needs {
  core: Core;
  rpc: Rpc;
  rendererDirectory: string;
  token: string;
  host: string;
  port: number;
  version: string;
}

const maxBody = 2 * 2 ** 20;
const tokenProtocol = 'token.';

/**
 * The headless door: the console, its socket at `/rpc`, REST below `/api`. Serves this machine only; every request has to
 * name the very host it was meant for (DNS rebinding), come from our own page or none, and carry the token.
 *
 * @throws PORT_TAKEN
 */
export async function openHttpDoor({
  core,
  rpc,
  rendererDirectory,
  token,
  host,
  port,
  version,
}: Needs): Promise<HttpDoor> {
  const shown = host.includes(':') ? `[${host}]` : host;
  let own: string[] = [];

  const server = createServer({ requestTimeout: 0, maxHeaderSize: 32 * 1024 }, (request, response) => {
    answer(request, response).catch(error => {
      const problem = toProblem(error, core.log);
      refuse(response, statusOf(problem), problem);
    });
  });
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxBody,
    handleProtocols: protocols => [...protocols].find(protocol => protocol.startsWith(tokenProtocol)) ?? false,
  });

  const foreign = (request: IncomingMessage) => {
    const { host: asked = '', origin } = request.headers;
    if (!own.includes(asked)) return 421;
    return origin !== undefined && !own.includes(origin.replace(/^http:\/\//, '')) ? 403 : null;
  };
  const bearer = (request: IncomingMessage) => /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    const wrong = foreign(request);
    if (wrong) return refuse(response, wrong);
    response.setHeader('Content-Security-Policy', contentSecurityPolicy(`'self' ws://${request.headers.host}`));
    const url = URL.parse(request.url ?? '/', `http://${request.headers.host}`);
    if (!url) return refuse(response, 404);
    if (url.pathname === '/api' || url.pathname.startsWith('/api/')) return api(url, request, response);
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405);
    const found = await findStatic(rendererDirectory, url.pathname);
    if (!found) return refuse(response, 404);
    response.writeHead(200, {
      'Content-Type': found.type,
      'Cache-Control': found.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    });
    if (request.method === 'HEAD') return void response.end();
    openStatic(found.file)
      .on('error', () => response.destroy())
      .pipe(response);
  }

  async function api(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (await serveExport(core.zips, url, request, response)) return;
    if (!isToken(bearer(request), token)) {
      response.setHeader('WWW-Authenticate', 'Bearer');
      return refuse(response, 401);
    }
    response.setHeader('Cache-Control', 'no-store');
    if (await takeUpload(core, url, request)) return void response.writeHead(204).end();
    if (Number(request.headers['content-length'] ?? 0) > maxBody) return refuse(response, 413);
    limitBody(request, response);
    if (url.pathname === '/api/openapi.json') return json(response, 200, await openApiDocument(version));
    const file = await answerFile(core.studies.instanceFile, url, {
      method: request.method ?? 'GET',
      range: request.headers.range,
      ifNoneMatch: request.headers['if-none-match'],
    });
    if (file) {
      response.writeHead(file.status, file.headers);
      if (!file.body) return void response.end();
      // A reader that goes away half-way is nothing to report.
      return pipeline(file.body, response).catch(() => void response.destroy());
    }
    const { matched } = await rpc.rest.handle(request, response, { prefix: '/api', context: {} });
    if (!matched) refuse(response, 404);
  }

  server.on('upgrade', (request, socket, head) => {
    // Node hands the socket over without a listener: a client that goes away now would end the process.
    socket.on('error', () => socket.destroy());
    const path = (request.url ?? '').split('?', 1)[0];
    const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map(protocol => protocol.trim());
    const given = protocols.find(protocol => protocol.startsWith(tokenProtocol))?.slice(tokenProtocol.length);
    const wrong = path !== '/rpc' ? 404 : (foreign(request) ?? (isToken(given, token) ? null : 401));
    if (wrong) return void socket.end(`HTTP/1.1 ${wrong} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    sockets.handleUpgrade(request, socket, head, ws => {
      // A frame that is too large or no frame at all: ws closes the connection, and that is all there is to do.
      ws.on('error', () => ws.terminate());
      void rpc.socket.upgrade(ws, { context: {} });
    });
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE' || error.code === 'EACCES';
      reject(taken ? new AppError('PORT_TAKEN', { port, use: 'the console' }, { cause: error }) : error);
    });
    server.listen(port, host, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  own = [`${shown}:${bound}`, `localhost:${bound}`];

  return {
    port: bound,
    stop: () =>
      new Promise(resolve => {
        for (const ws of sockets.clients) ws.close(1001, 'Gantry stops');
        server.close(() => resolve());
        server.closeAllConnections();
        for (const ws of sockets.clients) ws.terminate();
      }),
  };
}

const words: Record<number, string> = {
  401: 'A valid token is needed',
  403: 'Requests of other origins are refused',
  404: 'There is nothing here',
  405: 'This method is not served here',
  413: 'The request is larger than 2 MiB',
  421: 'This host name is not ours',
};

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

function refuse(response: ServerResponse, status: number, problem?: Problem): void {
  if (response.headersSent) return void response.destroy();
  json(response, status, problem ?? { code: 'REFUSED', title: words[status] ?? 'Refused' });
}

/** Of a body that names no length only so much is read: then the answer, and the end of the connection. */
function limitBody(request: IncomingMessage, response: ServerResponse): void {
  let received = 0;
  const count = (chunk: Buffer) => {
    received += chunk.length;
    if (received <= maxBody) return;
    request.off('data', count);
    request.pause();
    response.once('finish', () => request.destroy());
    refuse(response, 413);
  };
  request.on('data', count);
  request.pause();
}
