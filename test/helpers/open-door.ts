import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Core, startCore } from '../../electron/core/compose.ts';
import { createLogHub } from '../../electron/core/logs/index.ts';
import { openHttpDoor } from '../../electron/door/http-server.ts';
import { createRpc } from '../../electron/door/rpc.ts';

/** A door on a real core, in this process, with a page of its own instead of the built console. */
export interface OpenDoor {
  core: Core;
  origin: string;
  port: number;
  token: string;
  dataDirectory: string;
  /** A request with the token. */
  call(path: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

export async function openDoor(): Promise<OpenDoor> {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-door-'));
  const rendererDirectory = join(folder, 'renderer');
  mkdirSync(join(rendererDirectory, 'assets'), { recursive: true });
  writeFileSync(join(rendererDirectory, 'index.html'), '<!doctype html><title>Gantry</title>');
  writeFileSync(join(rendererDirectory, 'assets', 'page-1.js'), 'export {};');
  writeFileSync(join(folder, 'secret.json'), 'not for the web');
  const dataDirectory = join(folder, 'data');
  const log = createLogHub();
  const core = await startCore({
    dataDirectory,
    options: { DICOM_PORT: '0', DICOM_HOST: '127.0.0.1', DOCKER_HOST: `unix://${join(folder, 'no-docker.sock')}` },
    environment: {},
    log,
    version: '0.0.0',
  });
  const token = 'a-token-of-this-test-0123456789';
  const door = await openHttpDoor({
    core,
    rpc: createRpc(core),
    rendererDirectory,
    token,
    host: '127.0.0.1',
    port: 0,
    version: '0.0.0',
  });
  const origin = `http://127.0.0.1:${door.port}`;
  return {
    core,
    origin,
    port: door.port,
    token,
    dataDirectory,
    call: (path, init = {}) =>
      fetch(`${origin}${path}`, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } }),
    async close() {
      await door.stop();
      await core.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
