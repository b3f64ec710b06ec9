import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../shared/problems.ts';
import { eventually } from '../helpers/dcmtk.ts';
import { type MadeInstance, makeStudy } from '../helpers/dicom-maker.ts';
import { type OpenDoor, openDoor } from '../helpers/open-door.ts';

let door: OpenDoor;
let instance: MadeInstance;

beforeAll(async () => {
  door = await openDoor();
  const directory = join(door.dataDirectory, 'to-import');
  [instance] = makeStudy({ directory, instances: 1 }) as [MadeInstance];
  const { id } = await door.core.imports.start({ paths: [directory], evaluate: false });
  await eventually(async () => door.core.imports.get(id).state === 'finished', 'the import');
});
afterAll(() => door.close());

/** What fetch cannot send: a path as it is, a Host of another name. */
function raw(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: door.port, path, method, headers }, answer => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('who is let in', () => {
  it('asks for the token on every path below /api', async () => {
    for (const path of ['/api/health', '/api/openapi.json', '/api/instances/1.2/file', '/api/nothing', '/api']) {
      for (const authorization of ['', 'Bearer wrong', `Basic ${door.token}`]) {
        const answer = await fetch(door.origin + path, { headers: { Authorization: authorization } });
        expect([path, answer.status]).toEqual([path, 401]);
        expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      }
    }
    expect((await door.call('/api/health')).status).toBe(200);
  });

  it('refuses another host name with 421, and a page of another origin with 403', async () => {
    const headers = { Authorization: `Bearer ${door.token}` };
    for (const host of ['gantry.example', `127.0.0.1:${door.port + 1}`, `evil.example:${door.port}`, '127.0.0.1']) {
      expect(await raw('/api/health', { ...headers, Host: host })).toBe(421);
      expect(await raw('/', { Host: host })).toBe(421);
    }
    for (const origin of ['http://evil.example', 'null', `https://127.0.0.1:${door.port}`, 'http://127.0.0.1:1']) {
      expect((await door.call('/api/health', { headers: { Origin: origin } })).status).toBe(403);
    }
    expect((await door.call('/api/health', { headers: { Origin: door.origin } })).status).toBe(200);
    expect(await raw('/api/health', { ...headers, Host: `localhost:${door.port}` })).toBe(200);
  });

  it('survives addresses and clients that make no sense', async () => {
    expect(await raw('//')).toBe(404);
    for (const path of ['//', '/rpc/../x', '*']) {
      const upgrade = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': 'x' };
      expect(await raw(path, upgrade)).toBe(404);
    }
    await new Promise<void>(resolve => {
      const socket = connect(door.port, '127.0.0.1', () => {
        socket.write('GET /rpc HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
        socket.resetAndDestroy();
        setTimeout(resolve, 50);
      });
    });
    expect((await door.call('/api/health')).status).toBe(200);
  });
});

describe('the console', () => {
  it('is served with a policy that lets only its own parts run', async () => {
    const page = await fetch(door.origin);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`connect-src 'self' ws://127.0.0.1:${door.port}`);
    expect(policy).not.toContain('unsafe-eval;');
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(page.headers.get('cache-control')).toBe('no-cache');
  });

  it('answers every page with the same document, and keeps assets for ever', async () => {
    expect(await (await fetch(`${door.origin}/runs/12`)).text()).toContain('<title>Gantry</title>');
    const asset = await fetch(`${door.origin}/assets/page-1.js`);
    expect(asset.headers.get('cache-control')).toContain('immutable');
    expect((await fetch(door.origin, { method: 'HEAD' })).status).toBe(200);
    expect((await fetch(door.origin, { method: 'POST' })).status).toBe(405);
  });

  it('never leaves its folder', async () => {
    for (const path of ['/../secret.json', '/..%2fsecret.json', '/%2e%2e/secret.json', '/assets/..%5c..%5csecret.json'])
      expect([path, await raw(path)]).toEqual([path, 404]);
    expect(await raw('/%00.js')).toBe(404);
    expect(await raw('/%zz.js')).toBe(404);
    expect(await raw('/assets/missing.js')).toBe(404);
  });
});

describe('REST', () => {
  const problem = async (path: string, init?: RequestInit) => {
    const answer = await door.call(path, init);
    return { status: answer.status, ...((await answer.json()) as Problem) };
  };
  const put = (body: unknown) => ({
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });

  it('answers lists as items and total', async () => {
    const studies = (await (await door.call('/api/studies')).json()) as { items: unknown[]; total: number };
    expect(studies.total).toBe(1);
    expect(studies.items).toHaveLength(1);
  });

  it('says what is wrong as a problem with the status of its kind', async () => {
    expect(await problem('/api/studies/1.2.3')).toMatchObject({ status: 404, code: 'STUDY_NOT_FOUND' });
    expect(await problem('/api/runs/4711')).toMatchObject({ status: 404, code: 'RUN_NOT_FOUND' });
    expect(await problem('/api/runs/seven')).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    expect(await problem('/api/studies?limit=-1')).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    expect(await problem('/api/settings', put({ MAX_ASSOCIATIONS: 'many' }))).toMatchObject({ status: 400 });
    const { remedy } = await problem('/api/runs/4711');
    expect(remedy).not.toBe('');
    expect((await door.call('/api/nothing')).status).toBe(404);
  });

  it('tells a flow that somebody else changed as a conflict', async () => {
    const saved = await door.call('/api/flows/one.yml', put({ text: 'name: one\n' }));
    expect(saved.status).toBe(200);
    const stale = await problem('/api/flows/one.yml', put({ text: 'name: two\n', etag: 'stale' }));
    expect(stale).toMatchObject({ status: 409, code: 'FLOW_CHANGED' });
    expect((await door.call('/api/flows/one.yml', { method: 'DELETE' })).status).toBe(200);
  });

  it('refuses a body over the limit, with and without its length', async () => {
    const long = 'x'.repeat(2 * 2 ** 20 + 1);
    expect((await door.call('/api/flows/long.yml', put({ text: long }))).status).toBe(413);
    const pieces = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 40; i++) controller.enqueue(Buffer.alloc(64 * 1024, 'x'));
        controller.close();
      },
    });
    const headers = { 'Content-Type': 'application/json' };
    const chunked = { method: 'PUT', headers, body: pieces, duplex: 'half' } as RequestInit;
    expect((await door.call('/api/flows/long.yml', chunked)).status).toBe(413);
    expect((await door.call('/api/health')).status).toBe(200);
  });

  it('hides a defect behind a trace id that the log has', async () => {
    rmSync(join(door.dataDirectory, 'flows'), { recursive: true });
    writeFileSync(join(door.dataDirectory, 'flows'), 'a file in the way');
    const broken = await problem('/api/flows/two.yml', put({ text: 'name: two\n' }));
    rmSync(join(door.dataDirectory, 'flows'));
    mkdirSync(join(door.dataDirectory, 'flows'));
    expect(broken.status).toBeGreaterThanOrEqual(500);
    expect(JSON.stringify(broken)).not.toContain('node:');
    if (broken.code !== 'DEFECT') return;
    const lines = door.core.log.recent(50).map(({ line }) => line);
    expect(lines.some(line => line.includes(broken.traceId ?? 'none'))).toBe(true);
  });

  it('describes itself, the route of files included', async () => {
    const document = (await (await door.call('/api/openapi.json')).json()) as { paths: Record<string, object> };
    for (const path of ['/health', '/studies/{studyInstanceUid}/journal', '/runs/{id}/retry', '/flows/explain']) {
      expect(Object.keys(document.paths)).toContain(path);
    }
    expect(document.paths['/instances/{sopInstanceUid}/file']).toHaveProperty('get');
  });

  it('streams events to a client with the token, and lets go when it leaves', async () => {
    const leaving = new AbortController();
    const answer = await door.call('/api/logs/events?after=0', { signal: leaving.signal });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    door.core.log.info('test', 'a line for the stream');
    let text = '';
    while (!text.includes('a line for the stream')) {
      const { value, done } = (await reader?.read()) ?? { done: true };
      if (done) throw new Error(`the stream ended: ${text}`);
      text += value;
    }
    expect(text).toContain('event: message');
    leaving.abort();
    expect((await fetch(`${door.origin}/api/logs/events`)).status).toBe(401);
  });
});

describe('the file of an instance', () => {
  const path = () => `/api/instances/${instance.sopInstanceUid}/file`;
  const bytes = async (answer: Response) => Buffer.from(await answer.arrayBuffer());

  it('is streamed whole, with its length and an ETag', async () => {
    const answer = await door.call(path());
    const body = await bytes(answer);
    expect(answer.headers.get('content-type')).toBe('application/dicom');
    expect(Number(answer.headers.get('content-length'))).toBe(body.length);
    expect(answer.headers.get('etag')).toMatch(/^"[0-9a-f]{64}"$/);
    expect(body.subarray(128, 132).toString()).toBe('DICM');
    const again = await door.call(path(), { headers: { 'If-None-Match': answer.headers.get('etag') ?? '' } });
    expect(again.status).toBe(304);
  });

  it('is served by ranges', async () => {
    const whole = await bytes(await door.call(path()));
    const part = async (range: string) => {
      const answer = await door.call(path(), { headers: { Range: range } });
      return { status: answer.status, range: answer.headers.get('content-range'), body: await bytes(answer) };
    };
    const head = await part('bytes=128-131');
    expect(head).toMatchObject({ status: 206, range: `bytes 128-131/${whole.length}` });
    expect(head.body.toString()).toBe('DICM');
    expect((await part('bytes=-10')).body).toEqual(whole.subarray(-10));
    expect((await part('bytes=100-')).body).toEqual(whole.subarray(100));
    expect((await part(`bytes=0-${whole.length * 2}`)).body).toEqual(whole);
    expect(await part(`bytes=${whole.length}-`)).toMatchObject({ status: 416, range: `bytes */${whole.length}` });
    expect((await part('bytes=-0')).status).toBe(416);
    expect(await part('bytes=0-1,4-5')).toMatchObject({ status: 200, body: whole });
    expect(await part('lines=0-1')).toMatchObject({ status: 200, body: whole });
  });

  it('answers HEAD without a body', async () => {
    const answer = await door.call(path(), { method: 'HEAD' });
    expect(answer.status).toBe(200);
    expect(Number(answer.headers.get('content-length'))).toBeGreaterThan(128);
    expect(await bytes(answer)).toHaveLength(0);
  });

  it('is chosen by version, and missed in words', async () => {
    expect((await door.call(`${path()}?version=1`)).status).toBe(200);
    const missing = await door.call(`${path()}?version=2`);
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({ code: 'INSTANCE_NOT_FOUND' });
    for (const wrong of ['one', '', '0', '1.5', '-1'])
      expect((await door.call(`${path()}?version=${wrong}`)).status).toBe(400);
    expect((await door.call('/api/instances/1.2.3/file')).status).toBe(404);
    expect((await door.call('/api/instances/..%2f..%2fgantry.sqlite/file')).status).toBe(404);
  });

  it('that is gone from the disk is an outside problem, not a defect', async () => {
    const { path: file } = door.core.studies.instanceFile(instance.sopInstanceUid);
    rmSync(file);
    const answer = await door.call(path());
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code: 'FILE_UNREADABLE' });
  });
});
