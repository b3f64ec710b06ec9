import type { Kept, Segments } from './segments.ts';

/** Takes lines to the disk in the background, in groups. What cannot be written waits, bounded, and is counted when it is lost. */
export interface Spill {
  add(line: Kept): void;
  /** Everything added until now is on the disk, or cannot be written. */
  flush(): Promise<void>;
  /** Lines of a source that are not written yet. */
  waiting(key: string): number;
  /** Why nothing can be written now. */
  problem(): string | null;
  stop(): Promise<void>;
}

interface Needs {
  segments: Segments;
  /** Lines that had to be given up, told when writing works again. */
  lost: (lines: number, why: string) => void;
}

const flushMs = 50;
const againMs = 1000;
const atOnce = 4000;
const mostWaiting = 100_000;
const mostCharacters = 64 * 2 ** 20;

export function createSpill({ segments, lost }: Needs): Spill {
  let waiting: Kept[] = [];
  let characters = 0;
  let gone = 0;
  let why: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | null = null;

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const some = waiting.slice(0, atOnce);
      try {
        await segments.write(some);
      } catch (error) {
        why = (error as Error).message;
        return;
      }
      const last = some.at(-1)?.seq ?? 0;
      // While it was written the front may have been given up.
      waiting = waiting.filter(line => line.seq > last);
      characters = waiting.reduce((sum, line) => sum + line.text.length, 0);
    }
    const [lines, reason] = [gone, why];
    gone = 0;
    why = null;
    if (lines > 0) lost(lines, reason ?? '');
  }

  function giveUp(): void {
    const half = Math.floor(waiting.length / 2);
    waiting = waiting.slice(half);
    characters = waiting.reduce((sum, line) => sum + line.text.length, 0);
    gone += half;
  }

  const later = (ms: number) => {
    timer ??= setTimeout(() => void flush(), ms);
  };

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing ??= writeAll().finally(() => {
      writing = null;
      if (waiting.length > 0) later(why === null ? flushMs : againMs);
    });
    return writing;
  }

  return {
    add(line) {
      waiting.push(line);
      characters += line.text.length;
      if (waiting.length > mostWaiting || characters > mostCharacters) giveUp();
      if (!writing) later(why === null ? flushMs : againMs);
    },
    flush,
    waiting: key => waiting.filter(line => line.source === key).length,
    problem: () => why,
    async stop() {
      await flush();
      clearTimeout(timer);
    },
  };
}
