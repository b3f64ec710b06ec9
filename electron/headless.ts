import { join } from 'node:path';
import { AppError } from '../shared/problems.ts';
import type { HubLine } from '../shared/schemas/logs.ts';
import { startCore } from './core/compose.ts';
import { createLogHub } from './core/logs/index.ts';
import { defaultDataDirectory, takeDataDirectory } from './door/data-directory.ts';
import { openHttpDoor } from './door/http-server.ts';
import { readOptions } from './door/options.ts';
import { createRpc } from './door/rpc.ts';
import { readToken } from './door/token.ts';
import { gantryVersion, packageDirectory } from './door/version.ts';

/** The door without a display: the same core under plain Node, the same console in a browser. */
const stopWithinMs = 10_000;
/** Terminal, npm and start.mjs each pass on one Ctrl+C: what follows this soon is not a second wish. */
const sameSignalMs = 500;

const print = ({ at, level, source, line }: HubLine) =>
  process.stderr.write(`${new Date(at).toISOString()} ${level} ${source}: ${line}\n`);

async function open(): Promise<() => Promise<void>> {
  const environment = process.env;
  const options = readOptions({
    parameters: process.argv.slice(2),
    environment,
    defaultDataDirectory: defaultDataDirectory(environment),
  });
  const log = createLogHub({ sink: print });
  const token = readToken(options.tokenFile, log);
  const { path: dataDirectory, release } = takeDataDirectory(options.dataDirectory);
  const version = gantryVersion();
  const core = await startCore({ dataDirectory, options: options.settings, environment, log, version });
  try {
    const rendererDirectory = join(packageDirectory(), 'dist', 'renderer');
    const { host, port } = options.http;
    const door = await openHttpDoor({ core, rpc: createRpc(core), rendererDirectory, token, host, port, version });
    process.stdout.write(
      `Gantry ready: http://${host.includes(':') ? `[${host}]` : host}:${door.port}/#token=${token}\n`,
    );
    return async () => {
      await door.stop();
      await core.stop();
      release();
    };
  } catch (error) {
    await core.stop();
    throw error;
  }
}

// A log that nobody reads any more is no reason to stop receiving.
process.stderr.on('error', () => {});
process.stdout.on('error', () => {});
try {
  const close = await open();
  let asked = 0;
  const stop = () => {
    const first = asked === 0;
    if (!first && Date.now() - asked > sameSignalMs) process.exit(1);
    if (!first) return;
    asked = Date.now();
    setTimeout(() => process.exit(1), stopWithinMs).unref();
    void close().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
} catch (error) {
  if (error instanceof AppError) process.stderr.write(`${error.problem.title}. ${error.problem.remedy}\n`);
  else process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}
