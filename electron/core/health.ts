import { statfs } from 'node:fs/promises';
import { describe, type Problem } from '../../shared/problems.ts';
import type { Health } from '../../shared/schemas/health.ts';
import type { Listener } from './dicom/index.ts';
import type { Engine } from './docker/index.ts';
import type { Flows } from './flows/index.ts';
import type { Inbox } from './inbox/index.ts';
import type { Settings } from './settings/index.ts';
import type { Db } from './store/index.ts';

/** One answer to "is all well": every room's state, and the problems with their remedies in one list. */
export interface HealthRoom {
  now(): Promise<Health>;
  /** At once, then again whenever it differs. */
  watch(signal: AbortSignal | undefined): AsyncGenerator<Health>;
  stop(): void;
}

interface Needs {
  version: string;
  dataDirectory: string;
  db: Db;
  settings: Settings;
  listener: Listener;
  inbox: Inbox;
  engine: Engine;
  flows: Flows;
}

const lookMs = 2000;

export function createHealth(needs: Needs): HealthRoom {
  const { version, dataDirectory, db, settings, listener, inbox, engine, flows } = needs;
  const startedAt = Date.now();
  const received = db.prepare<[number], { n: number }>(
    'SELECT coalesce(sum(stored + conflicts), 0) AS n FROM associations WHERE started_at >= ?',
  );
  const ending = new AbortController();

  async function diskNow(): Promise<Health['disk']> {
    const { bsize, bavail, blocks } = await statfs(dataDirectory);
    const freeBytes = bavail * bsize;
    const limitBytes = inbox.limitBytes(blocks * bsize);
    const low = freeBytes < limitBytes;
    const problem = low ? describe('DISK_LOW', { path: dataDirectory, freeBytes, limitBytes }) : null;
    return { path: dataDirectory, freeBytes, totalBytes: blocks * bsize, limitBytes, problem };
  }

  async function now(): Promise<Health> {
    const heard = listener.status();
    const docker = engine.status();
    const disk = await diskNow();
    const breakers = flows.deliveries.breakers();
    const invalid = flows.files.list().filter(file => !file.flow);
    const flowProblems = invalid.map(({ file, problems }) => {
      const first = problems.find(item => item.severity === 'error');
      const { line, column, what = 'not a flow', remedy = 'Correct the file.' } = first ?? {};
      return describe('FLOW_INVALID', { file, line, column, what, remedy });
    });
    const open = breakers.flatMap(({ problem }) => (problem ? [problem] : []));
    const maybe: (Problem | null)[] = [
      heard.problem,
      disk.problem,
      docker.problem,
      ...settings.problems(),
      ...flowProblems,
      ...open,
    ];
    const problems = maybe.filter(problem => problem !== null);
    return {
      status: heard.problem || disk.problem ? 'failing' : problems.length > 0 ? 'degraded' : 'ok',
      version,
      startedAt,
      dataDirectory,
      listener: {
        ...heard,
        aeTitle: settings.get('AE_TITLE'),
        maxAssociations: settings.get('MAX_ASSOCIATIONS'),
        receivedToday: received.get(new Date().setHours(0, 0, 0, 0))?.n ?? 0,
      },
      engine: docker,
      disk,
      gpus: flows.gpus.list(),
      runs: flows.runs.today(),
      breakers,
      problems,
    };
  }

  return {
    now,
    stop: () => ending.abort(),
    async *watch(signal) {
      const either = signal ? AbortSignal.any([signal, ending.signal]) : ending.signal;
      let last = '';
      while (!either.aborted) {
        const health = await now();
        // Free bytes move all the time: a change of less than 1 % is no news.
        const { freeBytes, totalBytes } = health.disk;
        const text = JSON.stringify({
          ...health,
          disk: { ...health.disk, freeBytes: Math.round((freeBytes / totalBytes) * 100) },
        });
        if (text !== last) yield health;
        last = text;
        await sleep(lookMs, either);
      }
    },
  };
}

const sleep = (milliseconds: number, signal: AbortSignal) =>
  new Promise<void>(resolve => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done);
  });
