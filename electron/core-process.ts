import { AppError, problemOf } from '../shared/problems.ts';
import { startCore } from './core/compose.ts';
import { createLogHub } from './core/logs/index.ts';
import { takeDataDirectory } from './door/data-directory.ts';
import { readOptions } from './door/options.ts';
import { createRpc } from './door/rpc.ts';
import { gantryVersion } from './door/version.ts';
import { type ToCore, toCoreSchema } from './shell/core-messages.ts';

/** The core in Electron's utility process: a busy listener never freezes a window. Talks to main over `process.parentPort`. */
const main = process.parentPort;
const log = createLogHub({ sink: line => main.postMessage({ kind: 'log', line }) });

async function open(parameters: string[], defaultDirectory: string) {
  const options = readOptions({ parameters, environment: process.env, defaultDataDirectory: defaultDirectory });
  const { path: dataDirectory, release } = takeDataDirectory(options.dataDirectory);
  const core = await startCore({
    dataDirectory,
    options: options.settings,
    environment: process.env,
    log,
    version: gantryVersion(),
  });
  return { core, rpc: createRpc(core), release };
}

let opened: Awaited<ReturnType<typeof open>> | null = null;

async function on(message: ToCore, ports: Electron.MessagePortMain[]): Promise<void> {
  switch (message.kind) {
    case 'start':
      opened = await open(message.parameters, message.defaultDataDirectory);
      return main.postMessage({ kind: 'ready', dataDirectory: opened.core.dataDirectory });
    case 'port': {
      const [port] = ports;
      if (port && opened) {
        opened.rpc.port.upgrade(port, { context: {} });
        port.start();
      }
      return;
    }
    case 'instance-file':
      try {
        if (!opened) throw new Error('the core has not started');
        const { path, sha256 } = opened.core.studies.instanceFile(message.sopInstanceUid, message.version ?? undefined);
        return main.postMessage({ kind: 'instance-file', id: message.id, path, sha256 });
      } catch (error) {
        return main.postMessage({ kind: 'instance-file', id: message.id, problem: problemOf(error) });
      }
    case 'stop':
      await opened?.core.stop();
      opened?.release();
      main.postMessage({ kind: 'stopped' });
  }
}

main.on('message', event => {
  on(toCoreSchema.parse(event.data), event.ports).catch(error => {
    if (!(error instanceof AppError))
      log.error('core', error instanceof Error ? (error.stack ?? error.message) : String(error));
    main.postMessage({ kind: 'failed', problem: problemOf(error) });
  });
});
