import type {
  LogCount,
  LogCountQuery,
  LogFilter,
  LogPage,
  LogPageQuery,
  LogRecord,
  LogSources,
  LogTail,
  LogTailQuery,
  LogText,
  LogTextQuery,
} from '../../../shared/schemas/logs.ts';
import { createAnnouncer } from '../lib/announcer.ts';
import { findingOf } from './finding.ts';
import { createReaderThread } from './reader-thread.ts';
import { createRecentLines } from './recent-lines.ts';
import { type NewLine, takes } from './records.ts';
import { createSearch } from './search.ts';
import { type Kept, openSegments } from './segments.ts';
import { createSpill } from './spill.ts';

/**
 * The one log: lines get their number here, stand in memory at once and on the disk soon after.
 *
 *   append ──> memory (newest lines) ──> tail: what a window follows
 *      └─────> spill, segments, limit ──> page, count, text: all that is kept, read in a thread of its own
 *
 * Nobody who reads can hold up who writes: a window asks for what is new, and is told what it skipped.
 */
export interface LogStore {
  append(line: NewLine): void;
  /** Lines after a number, at most the newest `limit` of them; waits for some when asked to. */
  tail(query: LogTailQuery, signal?: AbortSignal): Promise<LogTail>;
  /** @throws LOG_PATTERN_INVALID, LOG_SEARCH_TOO_LONG, as all below */
  page(query: LogPageQuery): Promise<LogPage>;
  count(query: LogCountQuery): Promise<LogCount>;
  text(query: LogTextQuery): Promise<LogText>;
  /** Also of containers that have no line yet. */
  sources(containers?: readonly { key: string; name: string; running: boolean }[]): LogSources;
  /** When the source wrote its last kept line, and how many lines of it have that time. */
  lastOf(key: string): Promise<{ at: number; lines: number } | null>;
  stop(): Promise<void>;
}

interface Needs {
  directory: string;
  limitBytes: () => number;
  /** Kept in memory. */
  recent?: { lines: number; characters: number };
  searchLimitMs?: number;
}

/** Lines that come within it wake a waiting window once. */
const wakeMs = 40;
/** More of one millisecond no container writes. */
const lastLines = 5000;

export function openLogStore({ directory, limitBytes, recent: most, searchLimitMs }: Needs): LogStore {
  const segments = openSegments({ directory, limitBytes });
  const recent = createRecentLines(most ?? { lines: 20_000, characters: 16 * 2 ** 20 });
  const news = createAnnouncer<void>();
  const thread = createReaderThread({ limitMs: searchLimitMs });
  let newest = segments.lastSeq;
  let waking = false;

  const spill = createSpill({
    segments,
    lost: (lines, why) =>
      append({
        at: Date.now(),
        source: { key: 'core/log', name: 'log' },
        level: 'warn',
        stream: 'gantry',
        text: `${lines} lines were not kept: the disk could not be written (${why})`,
      }),
  });
  const search = createSearch({ segments, thread, flush: spill.flush });

  /** What was kept of a source when it began to count its lines in this life. */
  const keptBefore = new Map<string, number>();
  function isKept(key: string, place: number): boolean {
    if (place === 1 || !keptBefore.has(key)) keptBefore.set(key, linesOf(key));
    return place <= (keptBefore.get(key) ?? 0);
  }
  const linesOf = (key: string) => search.linesOf(key) + spill.waiting(key);

  function append({ text, source, place, ...line }: NewLine): void {
    if (place !== undefined && isKept(source.key, place)) return;
    // A line is a line: what holds several becomes several.
    for (const one of text.split(/\r?\n/)) {
      const kept: Kept = { ...line, seq: ++newest, source: source.key, text: one, of: source };
      recent.add(kept);
      spill.add(kept);
    }
    if (waking) return;
    waking = true;
    setTimeout(() => {
      waking = false;
      news.tell();
    }, wakeMs);
  }

  async function matching(lines: Kept[], filter: LogFilter): Promise<Kept[]> {
    const some = lines.filter(line => takes(filter, line));
    const finding = findingOf(filter);
    if (!finding || some.length === 0) return some;
    const places = await thread.match(
      finding,
      some.map(line => line.text),
    );
    return places.map(place => some[place] as Kept);
  }

  return {
    append,
    async tail({ after, limit, wait, ...filter }, signal) {
      findingOf(filter);
      const until = Date.now() + wait;
      // A number of another data directory: nothing of it is here.
      let from = Math.min(after, newest);
      let skipped = 0;
      for (;;) {
        const unseen = Math.max(0, recent.first() - from - 1);
        // What has left the memory already may hold lines of this filter: said, and to be read from the disk.
        if (after > 0) skipped += unseen;
        const last = newest;
        const found = await matching(recent.after(from), filter);
        from = last;
        if (found.length > 0 || skipped > 0 || Date.now() >= until || signal?.aborted) {
          const items = found.slice(-limit).map(plain);
          return { items, skipped: skipped + found.length - items.length, last };
        }
        await awaited(news.listen, until - Date.now(), signal, () => newest > from);
      }
    },
    page: search.page,
    count: search.count,
    text: search.text,
    sources: (containers = []) => ({
      items: search.sources(containers),
      kept: { ...search.kept(), limitBytes: limitBytes(), problem: spill.problem() },
    }),
    async lastOf(key) {
      const { items } = await search.page({ sources: [key], limit: lastLines });
      const at = items.at(-1)?.at;
      return at === undefined ? null : { at, lines: items.filter(line => line.at === at).length };
    },
    async stop() {
      await spill.stop();
      await thread.stop();
      await segments.close();
    },
  };
}

const plain = ({ of: _, ...record }: Kept): LogRecord => record;

/** Until something is told, the time is over, or nobody waits any more. */
function awaited(
  listen: (listener: () => void) => () => void,
  ms: number,
  signal: AbortSignal | undefined,
  isThere: () => boolean,
): Promise<void> {
  if (isThere()) return Promise.resolve();
  return new Promise(resolve => {
    const end = () => {
      clearTimeout(timer);
      stop();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, Math.max(0, ms));
    const stop = listen(end);
    signal?.addEventListener('abort', end);
  });
}
