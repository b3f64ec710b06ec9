import { Worker } from 'node:worker_threads';

export type Answer = { found: string | null } | 'too-long';

/** JavaScript's own engine behind a thread that can be ended: it may backtrack for ever. */
export interface Backtracker {
  /** @returns the matched text (null for none), or `too-long` when the time limit ended the search */
  search(pattern: { text: string; flags: string }, input: string): Promise<Answer>;
  stop(): Promise<void>;
}

/** Source text rather than a file: the same in the sources, in the bundle and in the packed application. */
const source = `
const { parentPort } = require('node:worker_threads');
parentPort.on('message', ({ text, flags, input }) => {
  const found = new RegExp(text, flags).exec(input);
  parentPort.postMessage(found ? found[0] : null);
});`;

/** One thread, made at the first search and after each that was ended. Searches run one at a time. */
export function createBacktracker({ limitMs }: { limitMs: number }): Backtracker {
  let thread: Worker | null = null;
  let last: Promise<unknown> = Promise.resolve();

  /** Its start does not count against the time of a search. */
  async function start(): Promise<Worker> {
    const options = { eval: true, env: {}, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 64 } };
    const made = new Worker(source, options);
    await new Promise<void>((resolve, reject) => made.once('online', resolve).once('error', reject));
    made.removeAllListeners();
    return made;
  }

  async function ask(pattern: { text: string; flags: string }, input: string): Promise<Answer> {
    const current = thread ?? (await start());
    thread = current;
    const answer = await new Promise<Answer>(resolve => {
      const timer = setTimeout(() => settle('too-long'), limitMs);
      const settle = (value: Answer) => {
        clearTimeout(timer);
        current.removeAllListeners();
        resolve(value);
      };
      current.once('message', (found: string | null) => settle({ found }));
      // A thread that died, of memory or of a deep stack, found nothing in its time either.
      current.on('error', () => settle('too-long'));
      current.once('exit', () => settle('too-long'));
      current.postMessage({ ...pattern, input });
    });
    if (answer === 'too-long') await end();
    return answer;
  }

  async function end(): Promise<void> {
    const ended = thread;
    thread = null;
    ended?.on('error', () => {});
    await ended?.terminate();
  }

  return {
    search(pattern, input) {
      const turn = last.then(() => ask(pattern, input));
      last = turn.catch(() => {});
      return turn;
    },
    async stop() {
      await last;
      await end();
    },
  };
}
