import type { HubLine } from '../../../shared/schemas/logs.ts';
import { createAnnouncer } from '../lib/announcer.ts';
import type { NewLine } from './records.ts';

export type LogLevel = HubLine['level'];

/** Where every room writes what it did. Lines hold UIDs, AE titles, hosts, paths and numbers; never patient data. */
export interface LogHub {
  write(level: LogLevel, source: string, line: string): void;
  info(source: string, line: string): void;
  warn(source: string, line: string): void;
  error(source: string, line: string): void;
  /** Lines after sequence number `after`, then live in batches; `skipped` counts what the ring had already dropped. */
  follow(after: number, signal?: AbortSignal): AsyncGenerator<{ lines: HubLine[]; skipped: number }, void, undefined>;
  recent(limit: number): HubLine[];
  /** What a container wrote: for the log of all lines alone, not for ours. */
  output(line: NewLine): void;
  /** Told every line of ours from now on, and every line of a container. @returns the function that ends the listening */
  listen(own: (line: HubLine) => void, output: (line: NewLine) => void): () => void;
}

/**
 * @param options.keep lines kept in memory
 * @param options.sink called with each line, e.g. to print it
 */
export function createLogHub(options: { keep?: number; sink?: (line: HubLine) => void } = {}): LogHub {
  const keep = options.keep ?? 10_000;
  const ring: HubLine[] = [];
  const news = createAnnouncer<HubLine>();
  const outputs = createAnnouncer<NewLine>();
  let seq = 0;
  const write = (level: LogLevel, source: string, line: string) => {
    const item: HubLine = { seq: ++seq, at: Date.now(), level, source, line };
    ring.push(item);
    if (ring.length > keep * 1.1) ring.splice(0, ring.length - keep);
    options.sink?.(item);
    news.tell(item);
  };
  return {
    write,
    info: (source, line) => write('info', source, line),
    warn: (source, line) => write('warn', source, line),
    error: (source, line) => write('error', source, line),
    recent: limit => ring.slice(-limit),
    output: outputs.tell,
    listen(own, output) {
      const stops = [news.listen(own), outputs.listen(output)];
      return () => {
        for (const stop of stops) stop();
      };
    },
    async *follow(after, signal) {
      let last = after;
      const wakeups = news.stream(signal, 1);
      while (!signal?.aborted) {
        const first = ring[0]?.seq ?? seq + 1;
        const lines = ring.filter(item => item.seq > last);
        const skipped = last > 0 ? Math.max(0, first - last - 1) : 0;
        if (lines.length > 0) {
          last = lines.at(-1)?.seq ?? last;
          yield { lines, skipped };
        }
        if (seq > last) continue;
        if ((await wakeups.next()).done) return;
      }
    },
  };
}
