import type {
  LogCount,
  LogCountQuery,
  LogFilter,
  LogPage,
  LogPageQuery,
  LogRecord,
  LogSource,
  LogText,
  LogTextQuery,
} from '../../../shared/schemas/logs.ts';
import { findingOf } from './finding.ts';
import type { Hit, ScanJob } from './reader.ts';
import type { ReaderThread } from './reader-thread.ts';
import { levelOf, streamOf, takes } from './records.ts';
import type { Segment, Segments } from './segments.ts';

interface Needs {
  segments: Segments;
  thread: ReaderThread;
  flush: () => Promise<void>;
}

/** One answer looks no longer than this; the next one goes on where it ended. */
const budgetMs = 1500;
/** Running containers, then whoever wrote last; years of runs make no list to choose from. */
const mostSources = 2000;
const kinds = ['container', 'run', 'association', 'delivery'] as const;

/** Reads what is kept on the disk, segment by segment. */
export function createSearch({ segments, thread, flush }: Needs) {
  /** Beginnings of the records that a filter takes from a segment; null for all, empty for none. */
  function wanted({ meta }: Segment, filter: LogFilter): { prefixes: string[] | null; lines: number } {
    const all: string[] = [];
    let lines = 0;
    let left = 0;
    for (const [place, { key, kinds }] of meta.sources.entries()) {
      for (const [kind, count] of Object.entries(kinds)) {
        if (takes(filter, { source: key, level: levelOf(kind), stream: streamOf(kind) })) {
          all.push(kind + place.toString(36));
          lines += count;
        } else left++;
      }
    }
    return { prefixes: left === 0 ? null : all, lines };
  }

  /** On the disk: what could not be written is nowhere but in memory. */
  const newest = () => segments.list().at(-1)?.meta.last ?? 0;
  const oldest = () => segments.list()[0]?.meta.first ?? newest() + 1;
  const recordOf = (hit: Hit, { meta }: Segment): LogRecord => ({
    seq: hit.seq,
    at: hit.at,
    source: meta.sources[hit.source]?.key ?? 'core/unreadable',
    level: levelOf(hit.kind),
    stream: streamOf(hit.kind),
    text: hit.text,
  });

  async function scan(segment: Segment, filter: LogFilter, rest: Partial<ScanJob> & Pick<ScanJob, 'limit'>) {
    const { prefixes, lines } = wanted(segment, filter);
    const { after = 0, before = Number.POSITIVE_INFINITY } = rest;
    const { first, last, bytes } = segment.meta;
    if (lines === 0 || last <= after || first >= before) return { records: [], count: 0 };
    const find = findingOf(filter);
    const inside = first > after && last < before;
    // What the index knows needs no reading.
    if (!find && inside && rest.limit === 0) return { records: [], count: lines };
    const { hits, count } = await thread.scan({
      path: segment.path,
      bytes,
      wanted: prefixes,
      find,
      end: 'newest',
      whole: false,
      ...rest,
      after: inside ? 0 : after,
      before: inside ? Number.POSITIVE_INFINITY : before,
    });
    return { records: hits.map(hit => recordOf(hit, segment)), count };
  }

  async function page({ before, after, limit, ...filter }: LogPageQuery): Promise<LogPage> {
    findingOf(filter);
    await flush();
    const top = newest();
    const until = performance.now() + budgetMs;
    const forward = after !== undefined && before === undefined;
    const list = [...segments.list()];
    const items: LogRecord[] = [];
    const bound = before ?? top + 1;
    let lookedTo = forward ? (after as number) : bound;
    let done = true;
    for (const segment of forward ? list : list.reverse()) {
      if (items.length >= limit || (performance.now() > until && lookedTo !== bound && lookedTo !== after)) {
        done = false;
        break;
      }
      const end = forward ? 'oldest' : 'newest';
      const { records } = await scan(segment, filter, { before: bound, after, limit: limit - items.length, end });
      if (forward) items.push(...records);
      else items.unshift(...records);
      lookedTo = forward
        ? Math.max(lookedTo, items.length >= limit ? (items.at(-1)?.seq ?? 0) : Math.min(top, segment.meta.last))
        : Math.min(lookedTo, items.length >= limit ? (items[0]?.seq ?? 0) : segment.meta.first);
    }
    // A full page may end inside of the last segment that was looked at.
    if (items.length >= limit) done = forward ? lookedTo >= top : lookedTo <= oldest();
    return { items, lookedTo, done, oldest: oldest(), newest: top };
  }

  async function count({ before, ...filter }: LogCountQuery): Promise<LogCount> {
    findingOf(filter);
    await flush();
    const until = performance.now() + budgetMs;
    const answer = { count: 0, lines: 0, lookedTo: before ?? newest() + 1, done: true };
    const bound = answer.lookedTo;
    for (const segment of [...segments.list()].reverse()) {
      if (segment.meta.first >= bound) continue;
      if (performance.now() > until) return { ...answer, done: false };
      answer.count += (await scan(segment, filter, { before: bound, limit: 0, whole: true })).count;
      answer.lines += Math.min(segment.meta.lines, answer.lookedTo - segment.meta.first);
      answer.lookedTo = segment.meta.first;
    }
    return answer;
  }

  /** Lines of an export are bounded in number, so that one answer stays small. */
  const textLines = 20_000;
  async function text({ after, ...filter }: LogTextQuery): Promise<LogText> {
    const { items, lookedTo, done } = await page({ ...filter, after: after ?? 0, limit: textLines });
    return { text: items.map(line => `${asText(line)}\n`).join(''), lookedTo, done };
  }

  function sources(containers: readonly { key: string; name: string; running: boolean }[]): LogSource[] {
    const known = new Map<string, LogSource>();
    for (const one of containers) known.set(one.key, { ...one, kind: 'container', lines: 0, lastAt: null });
    for (const { meta } of segments.list()) {
      for (const { key, name, kinds, lastAt } of meta.sources) {
        const before = known.get(key);
        const lines = Object.values(kinds).reduce((sum, number) => sum + number, before?.lines ?? 0);
        const running = before?.running ?? false;
        known.set(key, { key, kind: kindOfKey(key), name, lines, lastAt, running });
      }
    }
    return [...known.values()]
      .sort((a, b) => Number(b.running) - Number(a.running) || (b.lastAt ?? 0) - (a.lastAt ?? 0))
      .slice(0, mostSources);
  }

  return {
    page,
    count,
    text,
    sources,
    /** Kept lines of one source. */
    linesOf: (key: string) =>
      segments
        .list()
        .flatMap(({ meta }) => meta.sources.filter(source => source.key === key))
        .reduce((sum, { kinds }) => Object.values(kinds).reduce((more, number) => more + number, sum), 0),
    kept: () => ({ oldest: oldest(), newest: newest(), bytes: segments.bytes() }),
  };
}

const asText = ({ at, source, stream, level, text }: LogRecord) =>
  `${new Date(at).toISOString()} ${source} ${stream} ${level} ${text}`;
const kindOfKey = (key: string) => kinds.find(kind => key === kind || key.startsWith(`${kind}/`)) ?? 'core';
