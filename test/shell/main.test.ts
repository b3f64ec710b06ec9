import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/message-port';
import type { ContractRouterClient } from '@orpc/contract';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Contract } from '../../shared/contract.ts';
import type { Problem } from '../../shared/problems.ts';
import { eventually } from '../helpers/dcmtk.ts';
import { type MadeInstance, makeStudy } from '../helpers/dicom-maker.ts';
import * as electron from './fake-electron.ts';

vi.mock('electron', () => import('./fake-electron.ts'));

const folder = mkdtempSync(join(tmpdir(), 'gantry-shell-'));
const page = { senderFrame: { url: 'app://console/runs' } };
let window: electron.BrowserWindow;
let instance: MadeInstance;

/** The page asks, and gets a port of its own. */
async function connect(): Promise<ContractRouterClient<Contract>> {
  const { ports } = window.webContents;
  const before = ports.length;
  electron.ipcMain.emit('want-rpc-port', { ...page, sender: window.webContents });
  const port = await eventually(() => ports[before], 'a port');
  return clientOf(port);
}

function clientOf(port: electron.MessageChannelMain['port1']): ContractRouterClient<Contract> {
  const client: ContractRouterClient<Contract> = createORPCClient(new RPCLink({ port: port.raw as never }));
  port.raw.start();
  return client;
}

const ask = (url: string, init?: RequestInit) => {
  const handler = electron.handlers.get('app');
  if (!handler) throw new Error('no handler of app://');
  return handler(new Request(url, init));
};

beforeAll(async () => {
  const directory = join(folder, 'study');
  [instance] = makeStudy({ directory, instances: 1 }) as [MadeInstance];
  process.argv = ['electron', '.', '--data', join(folder, 'data'), '--dicom-port', '0', '--headless'];
  process.env.DOCKER_HOST = `unix://${join(folder, 'no-docker.sock')}`;
  process.env.GANTRY_DICOM_HOST = '127.0.0.1';
  electron.programs.of = path => path.replace(/dist.electron.core-process\.js$/, 'electron/core-process.ts');
  await import('../../electron/main.ts');
  electron.app.makeReady();
  window = await eventually(() => electron.BrowserWindow.all[0], 'a window');
}, 60_000);

afterAll(async () => {
  await Promise.all(electron.forks.map(({ thread }) => thread.terminate()));
  rmSync(folder, { recursive: true, force: true });
});

describe('the window', () => {
  it('runs a page without Node in a sandbox, from its own origin', () => {
    expect(window.url).toBe('app://console/');
    expect(window.options.webPreferences).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      webSecurity: true,
      nodeIntegration: false,
      preload: resolve('dist/preload/preload.cjs'),
    });
    expect(electron.told[0]).toEqual(['enableSandbox']);
    expect(electron.told[1]?.[0]).toBe('schemes');
    expect(window.shown).toBe(true);
  });

  it.each(['will-navigate', 'will-redirect', 'will-frame-navigate'])('stays on %s', name => {
    const goes = (url: string) => {
      let prevented = false;
      window.webContents.emit(name, { url, preventDefault: () => (prevented = true) }, url);
      return !prevented;
    };
    const foreign = [
      'https://example.org',
      'file:///etc/passwd',
      'app://consolex/',
      'javascript:alert(1)',
      'app://other/',
    ];
    for (const url of foreign) expect([url, goes(url)]).toEqual([url, false]);
    expect(goes('app://console/runs')).toBe(true);
  });

  it('opens no other window, and only https in the browser of the user', () => {
    const { openHandler } = window.webContents;
    for (const url of [
      'https://example.org/help',
      'http://example.org',
      'file:///etc/passwd',
      'smb://host',
      'nonsense',
    ])
      expect(openHandler({ url })).toEqual({ action: 'deny' });
    const opened = electron.told.filter(([what]) => what === 'openExternal').map(([, url]) => url);
    expect(opened).toEqual(['https://example.org/help']);
    let prevented = false;
    window.webContents.emit('will-attach-webview', { preventDefault: () => (prevented = true) });
    expect(prevented).toBe(true);
  });

  it('may copy text, and nothing else', () => {
    const { request, check, device } = electron.permissions;
    const asked = (permission: string) => {
      let allowed: boolean | null = null;
      request?.(null, permission, answer => (allowed = answer));
      return [allowed, check?.(null, permission)];
    };
    for (const permission of [
      'media',
      'geolocation',
      'notifications',
      'clipboard-read',
      'openExternal',
      'usb',
      'unknown',
    ])
      expect([permission, ...asked(permission)]).toEqual([permission, false, false]);
    expect(asked('clipboard-sanitized-write')).toEqual([true, true]);
    expect(device?.()).toBe(false);
  });

  it('comes to the front when Gantry is started again', () => {
    electron.app.emit('second-instance');
    expect(window.focused).toBe(1);
  });
});

describe('app://console', () => {
  it('serves the built console under its policy', async () => {
    const answer = await ask('app://console/');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-security-policy')).toContain("connect-src 'self';");
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const html = await answer.text();
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1];
    expect((await ask(`app://console${script}`)).headers.get('content-type')).toContain('javascript');
    expect(await (await ask('app://console/runs/1')).text()).toBe(html);
  });

  it('serves nothing else', async () => {
    for (const path of [
      '..%2fpackage.json',
      'assets/..%2f..%2f..%2fpackage.json',
      'assets/none.js',
      'api/health',
      '%00.js',
    ])
      expect([path, (await ask(`app://console/${path}`)).status]).toEqual([path, 404]);
    expect((await ask('app://other/')).status).toBe(404);
    expect((await ask('app://console/', { method: 'POST' })).status).toBe(404);
  });
});

describe('the port to the core', () => {
  it('is for our own page alone', () => {
    const { ports } = window.webContents;
    const before = ports.length;
    const foreign = [{ senderFrame: { url: 'https://example.org/' } }, { senderFrame: null }];
    for (const event of foreign) electron.ipcMain.emit('want-rpc-port', { ...event, sender: window.webContents });
    expect(ports.length).toBe(before);
  });

  it('carries calls, their problems and streams', async () => {
    const client = await connect();
    const { listener, version } = await client.health.get();
    expect(listener.listening).toBe(true);
    expect(version).toMatch(/^\d+\.\d+\.\d+/);
    await expect(client.runs.get({ id: 9 })).rejects.toMatchObject({ data: { code: 'RUN_NOT_FOUND' } });
    for await (const { lines } of await client.logs.follow({ after: 0 })) {
      expect(lines.length).toBeGreaterThan(0);
      break;
    }
  });

  it('leaves the bytes of an instance to the page, by ranges', async () => {
    const client = await connect();
    const { listener } = await client.health.get();
    const { storescu } = await import('../helpers/dcmtk.ts');
    await storescu(listener.port, [instance.file]);
    const path = `app://console/api/instances/${instance.sopInstanceUid}/file`;
    const answer = await ask(path, { headers: { Range: 'bytes=128-131' } });
    expect(answer.status).toBe(206);
    expect(await answer.text()).toBe('DICM');
    expect(answer.headers.get('content-type')).toBe('application/dicom');
    expect((await ask(path, { method: 'HEAD' })).status).toBe(200);
    const missing = await ask('app://console/api/instances/1.2.3/file');
    expect(missing.status).toBe(404);
    expect(((await missing.json()) as Problem).code).toBe('INSTANCE_NOT_FOUND');
    expect((await ask(`${path}?version=x`)).status).toBe(400);
  });
});

describe('the core process', () => {
  it('is started again when it crashes, and the page gets a new port', async () => {
    const { ports } = window.webContents;
    const before = ports.length;
    const [first] = electron.forks;
    first?.kill();
    const port = await eventually(() => ports[before], 'a new port', 20_000);
    expect((await clientOf(port).health.get()).listener.listening).toBe(true);
    expect(electron.forks.length).toBe(2);
  });

  it('stops in order before the application quits', async () => {
    electron.app.quit();
    expect(electron.told.some(([what]) => what === 'quit')).toBe(false);
    await eventually(() => electron.told.some(([what]) => what === 'quit'), 'the end', 15_000);
    expect(electron.told.filter(([what]) => what === 'error')).toEqual([]);
  });
});
