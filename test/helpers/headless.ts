import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Health } from '../../shared/schemas/health.ts';
import { ended } from './dcmtk.ts';

/** The built headless door as a process of its own, on ports of its own. */
export interface Headless {
  url: string;
  token: string;
  dicomPort: number;
  httpPort: number;
  process: ChildProcess;
  /** What it wrote to its log so far. */
  log(): string;
  get<T>(path: string): Promise<T>;
  put<T>(path: string, body: unknown): Promise<T>;
  post<T>(path: string, body: unknown): Promise<T>;
  /** Status alone, whatever it is. */
  status(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<number>;
  bytes(path: string): Promise<Buffer>;
  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null>;
  kill9(): Promise<void>;
}

export interface HeadlessOrder {
  dataDirectory: string;
  dicomPort?: number;
  httpPort?: number;
  environment?: Record<string, string>;
  more?: string[];
  /** Runs the sources instead of the build. */
  fromSource?: boolean;
}

const built = resolve(import.meta.dirname, '../../dist/electron/headless.js');
const source = resolve(import.meta.dirname, '../../electron/headless.ts');

/** Starts the door and waits for its ready line; a start that fails rejects with what it wrote. */
export async function startHeadless({
  dataDirectory,
  dicomPort = 0,
  httpPort = 0,
  environment = {},
  more = [],
  fromSource = false,
}: HeadlessOrder): Promise<Headless> {
  if (!fromSource && !existsSync(built)) throw new Error('there is no build: npm test makes one');
  const parameters = [
    '--data',
    dataDirectory,
    '--http',
    `127.0.0.1:${httpPort}`,
    '--dicom-port',
    String(dicomPort),
    '--no-open',
    ...more,
  ];
  const child = spawn(process.execPath, [fromSource ? source : built, ...parameters], {
    env: { ...process.env, GANTRY_DICOM_HOST: '127.0.0.1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  let out = '';
  child.stderr.on('data', chunk => (log += chunk));
  const ready = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready within 30 s: ${log}`)), 30_000);
    child.stdout.on('data', chunk => {
      out += chunk;
      const line = /^Gantry ready: (\S+)$/m.exec(out)?.[1];
      if (line) {
        clearTimeout(timer);
        resolve(line);
      }
    });
    child.once('exit', code => {
      clearTimeout(timer);
      reject(new Error(`ended with ${code}: ${log}`));
    });
  }).catch(async error => {
    await ended(child);
    throw error;
  });
  const url = new URL(ready);
  const token = new URLSearchParams(url.hash.slice(1)).get('token') ?? '';
  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    fetch(`${url.origin}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const answer = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await call(method, path, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  };
  const get = <T>(path: string) => answer<T>('GET', path);
  const { listener } = await get<Health>('/api/health');
  return {
    url: ready,
    token,
    dicomPort: listener.port,
    httpPort: Number(url.port),
    process: child,
    log: () => log,
    get,
    put: (path, body) => answer('PUT', path, body),
    post: (path, body) => answer('POST', path, body),
    status: async (method, path, body, headers) => {
      const response = await call(method, path, body, headers);
      await response.arrayBuffer();
      return response.status;
    },
    async bytes(path) {
      const response = await call('GET', path);
      if (!response.ok) throw new Error(`GET ${path} answered ${response.status}: ${await response.text()}`);
      return Buffer.from(await response.arrayBuffer());
    },
    async stop() {
      await ended(child, 'SIGTERM');
      return child.exitCode;
    },
    kill9: () => ended(child),
  };
}
