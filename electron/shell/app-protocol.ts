import { pathToFileURL } from 'node:url';
import { net, protocol } from 'electron';
import { statusOf } from '../door/problem-error.ts';
import { contentSecurityPolicy, findStatic, securityHeaders } from '../door/static-files.ts';
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
    if (url.host !== 'console' || request.method !== 'GET') return new Response('Not here', { status: 404 });
    const instance = /^\/api\/instances\/([0-9.]{1,64})\/file$/.exec(url.pathname);
    if (instance?.[1]) return instanceResponse(request, instance[1], url.searchParams.get('version'), core);
    const found = await findStatic(rendererDirectory, url.pathname);
    if (!found) return new Response('Not here', { status: 404 });
    const file = await net.fetch(pathToFileURL(found.file).href);
    const headers = {
      ...securityHeaders,
      'Content-Type': found.type,
      'Content-Security-Policy': contentSecurityPolicy("'self'"),
    };
    return new Response(file.body, { headers });
  });
}

async function instanceResponse(
  request: Request,
  uid: string,
  version: string | null,
  core: Pick<CoreHost, 'instanceFile'>,
): Promise<Response> {
  const { path, sha256, problem } = await core.instanceFile(uid, version === null ? null : Number(version));
  if (!path || problem) return Response.json(problem ?? null, { status: problem ? statusOf(problem) : 500 });
  const range = request.headers.get('range');
  const file = await net.fetch(pathToFileURL(path).href, range ? { headers: { range } } : {});
  const headers = new Headers(file.headers);
  headers.set('Content-Type', 'application/dicom');
  headers.set('ETag', `"${sha256}"`);
  headers.set('X-Content-Type-Options', 'nosniff');
  return new Response(file.body, { status: file.status, headers });
}
