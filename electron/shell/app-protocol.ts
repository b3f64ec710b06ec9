import { Readable } from 'node:stream';
import { protocol } from 'electron';
import { problemOf } from '../../shared/problems.ts';
import { answerFile } from '../door/instance-file.ts';
import { statusOf } from '../door/problem-status.ts';
import { contentSecurityPolicy, findStatic, openStatic, securityHeaders } from '../door/static-files.ts';
import type { CoreHost } from './core-host.ts';

/** The console's own origin: no file://, and no loopback port that a change of network interfaces could cut. */
export const appOrigin = 'app://console';

/** Before the app is ready. */
export function declareAppProtocol(): void {
  protocol.registerSchemesAsPrivileged([
    {
      scheme: 'app',
      privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true },
    },
  ]);
}

export function serveAppProtocol(rendererDirectory: string, core: Pick<CoreHost, 'instanceFile'>): void {
  protocol.handle('app', async request => {
    const url = new URL(request.url);
    if (url.host !== 'console' || !['GET', 'HEAD'].includes(request.method)) return notHere();
    return url.pathname.startsWith('/api/') ? api(request, url, core) : page(rendererDirectory, url.pathname);
  });
}

async function page(rendererDirectory: string, path: string): Promise<Response> {
  const found = await findStatic(rendererDirectory, path);
  if (!found) return notHere();
  const headers = {
    ...securityHeaders,
    'Content-Type': found.type,
    'Content-Security-Policy': contentSecurityPolicy("'self'"),
  };
  return new Response(webStream(openStatic(found.file)), { headers });
}

/** Only files: calls have their own port. */
async function api(request: Request, url: URL, core: Pick<CoreHost, 'instanceFile'>): Promise<Response> {
  try {
    const answer = await answerFile(core.instanceFile, url, {
      method: request.method,
      range: request.headers.get('range') ?? undefined,
      ifNoneMatch: request.headers.get('if-none-match') ?? undefined,
    });
    if (!answer) return notHere();
    const { status, headers, body } = answer;
    return new Response(body && webStream(body), { status, headers: { ...securityHeaders, ...headers } });
  } catch (error) {
    const problem = problemOf(error);
    return Response.json(problem, { status: statusOf(problem) });
  }
}

const notHere = () => new Response('Not here', { status: 404 });
const webStream = (stream: Readable) => Readable.toWeb(stream) as ReadableStream;
