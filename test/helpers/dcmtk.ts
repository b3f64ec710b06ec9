import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';

/** DCMTK's command-line tools as real peers, each bounded in time and ended by its own process id. */
export interface ToolEnd {
  code: number | null;
  output: string;
}

/** Runs a DCMTK tool to its end. A missing tool rejects: tests that need one fail. */
export function dcmtk(
  tool: string,
  parameters: string[],
  options: { timeoutMs?: number; env?: NodeJS.ProcessEnv } = {},
): Promise<ToolEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(tool, parameters, {
      env: { ...process.env, TCP_NODELAY: '1', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? 60_000,
    });
    let output = '';
    child.stdout.on('data', chunk => (output += chunk));
    child.stderr.on('data', chunk => (output += chunk));
    child.on('error', reject);
    child.on('close', code => resolve({ code, output }));
  });
}

/** Sends files or folders with storescu; `called` is the called AE title. */
export const storescu = (
  port: number,
  paths: string[],
  options: { called?: string; calling?: string; more?: string[]; timeoutMs?: number } = {},
) =>
  dcmtk(
    'storescu',
    [
      '-aec',
      options.called ?? 'GANTRY',
      '-aet',
      options.calling ?? 'STORESCU',
      '+sd',
      '+r',
      ...(options.more ?? []),
      '127.0.0.1',
      String(port),
      ...paths,
    ],
    options,
  );

export const echoscu = (port: number, called = 'GANTRY', more: string[] = []) =>
  dcmtk('echoscu', ['-aec', called, ...more, '127.0.0.1', String(port)]);

export interface StoreScp {
  port: number;
  directory: string;
  /** Files received so far, in name order. */
  received(): string[];
  stop(): Promise<void>;
}

/** A storescp that keeps what it gets bit by bit (`+B`) and accepts every transfer syntax (`+xa`). */
export async function startStorescp(
  directory: string,
  options: { aeTitle?: string; port?: number; more?: string[]; plain?: boolean } = {},
): Promise<StoreScp> {
  mkdirSync(directory, { recursive: true });
  const port = options.port ?? (await freePort());
  const keep = options.plain ? [] : ['+B', '+xa'];
  const child = spawn(
    'storescp',
    ['-aet', options.aeTitle ?? 'STORESCP', '-od', directory, '+uf', ...keep, ...(options.more ?? []), String(port)],
    { env: { ...process.env, TCP_NODELAY: '1' }, stdio: ['ignore', 'ignore', 'ignore'] },
  );
  await answering(port, child);
  return {
    port,
    directory,
    received: () => readdirSync(directory).sort(),
    stop: () => ended(child),
  };
}

/** Ends a process we started and waits for it. */
export function ended(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  return new Promise(resolve => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('close', () => resolve());
    child.kill(signal);
  });
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** Waits until something accepts connections on the port, at most 15 s. */
export async function answering(port: number, child?: ChildProcess): Promise<void> {
  const until = Date.now() + 15_000;
  while (Date.now() < until) {
    if (child && child.exitCode !== null) throw new Error(`ended with ${child.exitCode} before it listened on ${port}`);
    const open = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(socket.end() !== undefined));
      socket.once('error', () => resolve(false));
    });
    if (open) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on 127.0.0.1:${port} after 15 s`);
}

/** Polls until `look` gives something truthy. */
export async function eventually<T>(
  look: () => T | Promise<T>,
  what: string,
  timeoutMs = 30_000,
): Promise<NonNullable<T>> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (value) return value;
    if (Date.now() > until) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}
