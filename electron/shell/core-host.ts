import { join } from 'node:path';
import { MessageChannelMain, type UtilityProcess, utilityProcess, type WebContents } from 'electron';
import { AppError, type Problem } from '../../shared/problems.ts';
import { type FromCore, fromCoreSchema, type ToCore } from './core-messages.ts';

type Answer = Extract<FromCore, { kind: 'instance-file' }>;
interface Waiting {
  resolve(found: { path: string; sha256: string }): void;
  reject(error: Error): void;
}

/** The core process as main sees it: started, started again when it dies, stopped in order. */
export interface CoreHost {
  /** @throws the problem in words when the core cannot start */
  start(): Promise<void>;
  /** Gives a page its own port to the core. */
  connect(page: WebContents): void;
  /** @throws what the core says, INSTANCE_NOT_FOUND among it */
  instanceFile(sopInstanceUid: string, version?: number): Promise<{ path: string; sha256: string }>;
  stop(): Promise<void>;
}

interface Needs {
  directory: string;
  parameters: string[];
  defaultDataDirectory: string;
  /** The core died and is running again: pages need a new port. */
  restarted: () => void;
  /** It cannot start again, or dies again and again. */
  lost: (problem: Problem | null) => void;
}

const stopWithinMs = 10_000;
/** A core that died this often within the time would only die again. */
const deathsAllowed = 3;
const deathsWithinMs = 60_000;

export function createCoreHost({ directory, parameters, defaultDataDirectory, restarted, lost }: Needs): CoreHost {
  let core: UtilityProcess | null = null;
  let stopping = false;
  let asked = 0;
  const waiting = new Map<number, Waiting>();
  const deaths: number[] = [];
  const say = (message: ToCore, ports: Electron.MessagePortMain[] = []) => core?.postMessage(message, ports);

  function answered({ id, path, sha256, problem }: Answer): void {
    const asker = waiting.get(id);
    waiting.delete(id);
    if (path !== undefined && sha256 !== undefined) asker?.resolve({ path, sha256 });
    else asker?.reject(problem ? new AppError(problem.code, problem.params as never) : new Error('no answer'));
  }

  function died(): void {
    core = null;
    for (const { reject } of waiting.values()) reject(new Error('the core ended'));
    waiting.clear();
  }

  /** After a crash. Whatever was under way is in the store, and the new core goes on with it. */
  function again(): void {
    const now = Date.now();
    deaths.push(now);
    if (deaths.filter(at => now - at < deathsWithinMs).length > deathsAllowed) lost(null);
    else launch().then(restarted, lost);
  }

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
        else if (message.kind === 'instance-file') answered(message);
      });
      child.once('exit', () => {
        died();
        if (!ready) return reject(null);
        if (!stopping) again();
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
      if (!core) return Promise.reject(new Error('the core is not running'));
      const id = ++asked;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        say({ kind: 'instance-file', id, sopInstanceUid, version: version ?? null });
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
