import { describe, expect, it } from 'vitest';
import { filterOf, queryText, readQuery } from '../../../../renderer/features/logs/log-query.ts';
import {
  emptyWindow,
  type LogWindow,
  mostFollowed,
  mostLines,
  withNewer,
  withOlder,
  withTail,
} from '../../../../renderer/features/logs/log-window.ts';
import type { LogPage, LogRecord } from '../../../../shared/schemas/logs.ts';

const line = (seq: number, at = seq): LogRecord => ({
  seq,
  at,
  source: 'core/x',
  level: 'info',
  stream: 'gantry',
  text: `${seq}`,
});
const lines = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => line(from + n));
const page = (from: number, to: number, more: Partial<LogPage> = {}): LogPage => ({
  items: lines(from, to),
  lookedTo: from,
  done: false,
  oldest: 1,
  newest: to,
  ...more,
});
const seqs = ({ lines: all }: LogWindow) => [all[0]?.seq, all.at(-1)?.seq, all.length];
const full = withOlder({ ...emptyWindow, last: 20_000 }, page(20_001 - mostLines, 20_000));

describe('the stretch of the log that is in the page', () => {
  it('takes new lines in at the end and lets the oldest go, so that there is never a hole', () => {
    const next = withTail(full, { items: lines(20_001, 20_100), skipped: 0, last: 20_100 });
    expect(seqs(next)).toEqual([20_101 - mostFollowed, 20_100, mostFollowed]);
    expect(next).toMatchObject({ last: 20_100, below: 0, atOldest: false, lookedTo: 20_101 - mostFollowed });
  });

  it('begins anew behind a gap, and says how many passed by', () => {
    const next = withTail(full, { items: lines(25_000, 25_010), skipped: 4999, last: 25_010 });
    expect(seqs(next)).toEqual([25_000, 25_010, 11]);
    expect(next).toMatchObject({ skipped: 4999, atOldest: false, lookedTo: 25_000 });
    expect(seqs(withOlder(next, page(24_500, 24_999)))).toEqual([24_500, 25_010, 511]);
  });

  it('stands still while it is read, and counts', () => {
    const next = withTail({ ...full, following: false }, { items: lines(20_001, 20_001), skipped: 41, last: 20_042 });
    expect(next.lines).toBe(full.lines);
    expect(next).toMatchObject({ below: 42, last: 20_042 });
  });

  it('moves up and down over the log, and knows what is below', () => {
    const reading = { ...full, following: false };
    const up = withOlder(reading, page(13_501, 14_000));
    expect(seqs(up)).toEqual([13_501, 19_500, mostLines]);
    expect(up.below).toBe(500);
    const down = withNewer(up, page(19_501, 20_000, { done: true }));
    expect(seqs(down)).toEqual([14_001, 20_000, mostLines]);
    expect(down).toMatchObject({ below: 0, lookedTo: 14_001, atOldest: false });
  });

  it('puts lines in the order of time, whichever came in first', () => {
    const next = withTail(
      { ...emptyWindow, lines: [line(1, 100), line(2, 300)] },
      {
        items: [line(3, 200), line(4, 300)],
        skipped: 0,
        last: 4,
      },
    );
    expect(next.lines.map(({ seq }) => seq)).toEqual([1, 3, 2, 4]);
  });
});

describe('the address of the page', () => {
  it('says all that is chosen, and nothing that is not', () => {
    const text = 'source=run/7,core&level=warn&stream=stderr&find=a%2Bb&regex=1&case=1&line=12';
    expect(queryText(readQuery(text))).toBe(text);
    expect(queryText(readQuery(''))).toBe('');
    expect(filterOf(readQuery(text))).toEqual({
      sources: ['run/7', 'core'],
      levels: ['warn', 'error'],
      streams: ['stderr'],
      find: 'a+b',
      regex: true,
      matchCase: true,
    });
    expect(filterOf(readQuery('level=loud&stream=x&line=-3&regex=1'))).toEqual({});
    expect(readQuery('line=-3').line).toBeNull();
  });
});
