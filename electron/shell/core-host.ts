import { join } from 'node:path';
import { MessageChannelMain, type UtilityProcess, utilityProcess, type WebContents } from 'electron';
import type { Problem } from '../../shared/problems.ts';
import { type FromCore, fromCoreSchema, type ToCore } from './core-messages.ts';

type Answer = Extract<FromCore, { kind: 'instance-file' }>;

/** The core process as main sees it: started, started again when it dies, stopped in order. */
export interface CoreHost {
  /** @throws the problem in words when the core cannot start */
  start(): Promise<void>;
  /** Gives a page its own port to the core. */
  connect(page: WebContents): void;
  instanceFile(sopInstanceUid: string, version: number | null): Promise<Answer>;
  stop(): Promise<void>;
}

interface Needs {
  directory: string;
  parameters: string[];
  defaultDataDirectory: string;
  /** The core died and is running again: pages need a new port. */
  restarted: () => void;
  /** It died and cannot start again. */
  lost: (problem: Problem | null) => void;
}

const stopWithinMs = 10_000;

export function createCoreHost({ directory, parameters, defaultDataDirectory, restarted, lost }: Needs): CoreHost {
  let core: UtilityProcess | null = null;
  let stopping = false;
  let asked = 0;
  const answers = new Map<number, (answer: Answer) => void>();
  const say = (message: ToCore, ports: Electron.MessagePortMain[] = []) => core?.postMessage(message, ports);

  function launch(): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = utilityProcess.fork(join(directory, 'core-process.js'), [], {
        serviceName: 'gantry-core',
        stdio: 'inherit',
      });
      core = child;
      let ready = false;
      child.on('message', (data: unknown) => {
        const message = fromCoreSchema.parse(data);
        if (message.kind === 'ready') {
          ready = true;
          resolve();
        } else if (message.kind === 'failed') reject(message.problem);
        else if (message.kind === 'log')
          process.stderr.write(`${message.line.level} ${message.line.source}: ${message.line.line}\n`);
        else if (message.kind === 'instance-file') {
          answers.get(message.id)?.(message);
          answers.delete(message.id);
        }
      });
      child.once('exit', () => {
        core = null;
        if (!ready) return reject(null);
        if (!stopping) launch().then(restarted, lost);
      });
      say({ kind: 'start', parameters, defaultDataDirectory });
    });
  }

  return {
    start: launch,
    connect(page) {
      const { port1, port2 } = new MessageChannelMain();
      say({ kind: 'port' }, [port1]);
      page.postMessage('rpc-port', null, [port2]);
    },
    instanceFile(sopInstanceUid, version) {
      const id = ++asked;
      return new Promise(resolve => {
        answers.set(id, resolve);
        say({ kind: 'instance-file', id, sopInstanceUid, version });
      });
    },
    stop() {
      stopping = true;
      const child = core;
      if (!child) return Promise.resolve();
      return new Promise(resolve => {
        const timer = setTimeout(() => child.kill(), stopWithinMs);
        child.once('exit', () => {
          clearTimeout(timer);
          resolve();
        });
        child.on('message', (data: unknown) => {
          if (fromCoreSchema.parse(data).kind === 'stopped') child.kill();
        });
        say({ kind: 'stop' });
      });
    },
  };
}
