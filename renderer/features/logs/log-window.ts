import type { LogPage, LogRecord, LogTail } from '../../../shared/schemas/logs.ts';

/**
 * The lines that are in the page: a bounded stretch of the log without a hole, which moves over it.
 *
 *   following: the newest lines come in at the end, the oldest leave at the front
 *   reading:   it stands still; pages come in at the end that is read towards, the other end leaves
 */
export interface LogWindow {
  /** In the order of time. */
  lines: LogRecord[];
  following: boolean;
  /** Lines of this filter after the last one that is here. */
  below: number;
  /** Passed by while following, faster than they could be shown. */
  skipped: number;
  /** The page before the first line holds nothing more. */
  atOldest: boolean;
  /** How far was looked for older ones. */
  lookedTo: number;
  /** First line that is kept at all. */
  oldest: number;
  /** Where to go on from. */
  last: number;
  loaded: boolean;
  /** Counts the windows that were opened: each begins at its own place. */
  opened: number;
}

export const emptyWindow: LogWindow = {
  lines: [],
  following: true,
  below: 0,
  skipped: 0,
  atOldest: false,
  lookedTo: 0,
  oldest: 1,
  last: 0,
  loaded: false,
  opened: 0,
};

/** Most lines in the page. */
export const mostLines = 6000;
/** While following: nobody reads more than the last of a flood, and each that is here costs time with every picture. */
export const mostFollowed = 2000;

/** By time, and of the same time as they came in. Mostly in order already, which sorting knows to use. */
const inTime = (lines: LogRecord[]) => {
  for (let at = 1; at < lines.length; at++) {
    if ((lines[at - 1] as LogRecord).at > (lines[at] as LogRecord).at)
      return lines.toSorted((a, b) => a.at - b.at || a.seq - b.seq);
  }
  return lines;
};

export const lowest = (lines: readonly LogRecord[]) =>
  lines.reduce((least, { seq }) => Math.min(least, seq), Number.POSITIVE_INFINITY);
export const highest = (lines: readonly LogRecord[]) => lines.reduce((most, { seq }) => Math.max(most, seq), 0);

/** What came in since. While the reader reads, it is only counted. */
export function withTail(window: LogWindow, { items, skipped, last }: LogTail): LogWindow {
  if (items.length === 0 && skipped === 0) return { ...window, last };
  if (!window.following) return { ...window, last, below: window.below + items.length + skipped };
  // Behind a gap the stretch begins anew: those before it are one scroll away.
  const lines = skipped > 0 ? items : [...window.lines, ...items];
  const cut = Math.max(0, lines.length - mostFollowed);
  return {
    ...window,
    lines: inTime(cut > 0 ? lines.slice(cut) : lines),
    skipped: window.skipped + skipped,
    last,
    below: 0,
    ...((skipped > 0 || cut > 0) && { atOldest: false, lookedTo: lowest(lines.slice(cut)) }),
  };
}

export function withOlder(window: LogWindow, page: LogPage): LogWindow {
  const known = new Set(window.lines.map(line => line.seq));
  const lines = inTime([...page.items.filter(line => !known.has(line.seq)), ...window.lines]);
  const cut = Math.max(0, lines.length - mostLines);
  return {
    ...window,
    lines: cut > 0 ? lines.slice(0, mostLines) : lines,
    below: window.below + cut,
    atOldest: page.done,
    lookedTo: page.lookedTo,
    oldest: page.oldest,
  };
}

export function withNewer(window: LogWindow, page: LogPage): LogWindow {
  const known = new Set(window.lines.map(line => line.seq));
  const more = page.items.filter(line => !known.has(line.seq));
  const lines = inTime([...window.lines, ...more]);
  const cut = Math.max(0, lines.length - mostLines);
  const kept = cut > 0 ? lines.slice(cut) : lines;
  return {
    ...window,
    lines: kept,
    below: page.done ? 0 : Math.max(1, window.below - more.length),
    oldest: page.oldest,
    ...(page.done && { last: Math.max(window.last, page.newest) }),
    ...(cut > 0 && { atOldest: false, lookedTo: lowest(kept) }),
  };
}
