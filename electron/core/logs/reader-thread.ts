import { Worker } from 'node:worker_threads';
import { AppError } from '../../../shared/problems.ts';
import { createReader, type Finding, type Reader, type ScanJob } from './reader.ts';

const source = `
const { parentPort } = require('node:worker_threads');
const reader = (${createReader.toString()})(require('node:fs'));
parentPort.on('message', ({ name, words }) => {
  try { parentPort.postMessage({ value: reader[name](...words) }); }
  catch (error) { parentPort.postMessage({ wrong: String(error && error.message || error) }); }
});`;

/** The reader behind a thread: a search never holds the listener up, and one that hangs is ended. Jobs go one at a time. */
export interface ReaderThread {
  /** @throws LOG_SEARCH_TOO_LONG, and the thread is made anew */
  scan(job: ScanJob): Promise<ReturnType<Reader['scan']>>;
  match(find: Finding, texts: string[]): Promise<number[]>;
  stop(): Promise<void>;
}

/** @param options.limitMs time for one segment; only a pattern that backtracks for ever needs more */
export function createReaderThread({ limitMs = 5000 } = {}): ReaderThread {
  let thread: Worker | null = null;
  let last: Promise<unknown> = Promise.resolve();

  async function start(): Promise<Worker> {
    const made = new Worker(source, {
      eval: true,
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    });
    await new Promise<void>((resolve, reject) => made.once('online', resolve).once('error', reject));
    made.removeAllListeners();
    // A thread that only waits keeps no process alive.
    made.unref();
    return made;
  }

  async function end(): Promise<void> {
    const ended = thread;
    thread = null;
    ended?.on('error', () => {});
    await ended?.terminate();
  }

  async function ask(name: keyof Reader, words: unknown[]): Promise<unknown> {
    const current = thread ?? (await start());
    thread = current;
    const answer = await new Promise<{ value: unknown } | { wrong: string } | null>(resolve => {
      const timer = setTimeout(() => settle(null), limitMs);
      const settle = (value: { value: unknown } | { wrong: string } | null) => {
        clearTimeout(timer);
        current.removeAllListeners();
        resolve(value);
      };
      current.once('message', settle);
      current.on('error', () => settle(null));
      current.once('exit', () => settle(null));
      current.postMessage({ name, words });
    });
    if (answer && 'value' in answer) return answer.value;
    if (answer) throw new Error(`the log cannot be read: ${answer.wrong}`);
    await end();
    throw new AppError('LOG_SEARCH_TOO_LONG', { seconds: limitMs / 1000 });
  }

  const inTurn = (name: keyof Reader, ...words: unknown[]) => {
    const turn = last.then(() => ask(name, words));
    last = turn.catch(() => {});
    return turn;
  };
  return {
    scan: job => inTurn('scan', job) as Promise<ReturnType<Reader['scan']>>,
    match: (find, texts) => inTurn('match', find, texts) as Promise<number[]>,
    async stop() {
      await last;
      await end();
    },
  };
}
