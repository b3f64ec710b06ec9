import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LogStore, openLogStore } from '../../../electron/core/logs/index.ts';

let directory: string;
let store: LogStore;
let limit: number;
const open = (more: Partial<Parameters<typeof openLogStore>[0]> = {}) =>
  openLogStore({ directory, limitBytes: () => limit, ...more });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gantry-logs-'));
  limit = 64 * 2 ** 20;
  store = open();
});
afterEach(async () => {
  await store.stop();
  rmSync(directory, { recursive: true, force: true });
});

type Line = Parameters<LogStore['append']>[0];
const put = (text: string, more: Partial<Line> = {}) =>
  store.append({
    at: 1_700_000_000_000,
    source: { key: 'container/a', name: 'a' },
    level: 'info',
    stream: 'stdout',
    text,
    ...more,
  });
const fill = (from: number, to: number, width = 0) => {
  for (let n = from; n <= to; n++) put(`line ${n}${' '.repeat(width)}`);
};
const files = () => readdirSync(directory).filter(name => name.endsWith('.log'));
const texts = (items: { text: string }[]) => items.map(({ text }) => text.trim());
const all = { limit: 1000 };

describe('what is kept', () => {
  it('is read back as it came, newest page first, then those before it', async () => {
    fill(1, 250);
    const newest = await store.page({ limit: 100 });
    expect(texts(newest.items)).toEqual(Array.from({ length: 100 }, (_, n) => `line ${n + 151}`));
    expect(newest).toMatchObject({ done: false, oldest: 1, newest: 250, lookedTo: 151 });
    const middle = await store.page({ limit: 100, before: newest.lookedTo });
    const first = await store.page({ limit: 100, before: middle.lookedTo });
    expect(texts([...first.items, ...middle.items])).toEqual(Array.from({ length: 150 }, (_, n) => `line ${n + 1}`));
    expect(first.done).toBe(true);
    const forward = await store.page({ limit: 100, after: 0 });
    expect(texts(forward.items).at(-1)).toBe('line 100');
    expect(forward).toMatchObject({ done: false, lookedTo: 100 });
    expect(await store.page({ limit: 100, after: 200 })).toMatchObject({ done: true, lookedTo: 250 });
  });

  it('keeps every character but line feeds, which make lines', async () => {
    const odd = [
      '',
      'tab\there',
      '=not a source',
      'i\u0000\u001b[31mred\u001b[0m',
      'Größe 𝄞 日本',
      '\\n "quoted"',
      '\r',
    ];
    for (const text of odd) put(text);
    put('two\r\nlines\nand a third');
    const { items } = await store.page(all);
    expect(items.map(({ text }) => text)).toEqual([...odd, 'two', 'lines', 'and a third']);
    expect(items[0]).toEqual({
      seq: 1,
      at: 1_700_000_000_000,
      source: 'container/a',
      level: 'info',
      stream: 'stdout',
      text: '',
    });
  });

  it('goes on after a restart, in the same file and with the next number', async () => {
    fill(1, 10);
    await store.stop();
    store = open();
    put('after', { source: { key: 'run/7/0', name: 'run 7 step 1' }, level: 'error', stream: 'stderr' });
    const { items } = await store.page(all);
    expect(items.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(items.at(-1)).toMatchObject({ source: 'run/7/0', level: 'error', stream: 'stderr', text: 'after' });
    expect(files()).toHaveLength(1);
    expect(await store.lastOf('container/a')).toEqual({ at: 1_700_000_000_000, lines: 10 });
    expect(await store.lastOf('run/8')).toBeNull();
  });

  it('takes the lines of a container that tells them again from the start once', async () => {
    const tell = (to: number, key: string) => {
      for (let place = 1; place <= to; place++) put(`line ${place}`, { place, source: { key, name: 'x' } });
    };
    tell(5, 'run/1/0/a');
    tell(7, 'run/1/0/a');
    await store.stop();
    store = open();
    tell(9, 'run/1/0/a');
    tell(2, 'run/1/0/b');
    const { items } = await store.page({ ...all, sources: ['run/1/0/a'] });
    expect(texts(items)).toEqual(Array.from({ length: 9 }, (_, n) => `line ${n + 1}`));
    expect(texts((await store.page({ ...all, sources: ['run/1/0'] })).items)).toHaveLength(11);
  });

  it('loses only the torn record of a crash, at every place it can be torn', async () => {
    fill(1, 3);
    await store.page(all);
    await store.stop();
    const path = join(directory, files()[0] as string);
    const whole = readFileSync(path);
    const lastBegins = whole.lastIndexOf(10, whole.length - 2) + 1;
    for (let cut = lastBegins; cut < whole.length; cut++) {
      rmSync(path);
      appendFileSync(path, whole);
      truncateSync(path, cut);
      store = open();
      put('next');
      expect(texts((await store.page(all)).items), `cut at ${cut}`).toEqual(['line 1', 'line 2', 'next']);
      await store.stop();
    }
    store = open();
  });

  it('reads on past what is no record', async () => {
    fill(1, 2);
    await store.stop();
    const path = join(directory, files()[0] as string);
    appendFileSync(path, 'nonsense\n=broken json\nqq\t\t\t\n\n');
    store = open();
    put('next', { source: { key: 'container/b', name: 'b' } });
    const { items } = await store.page(all);
    expect(items.map(({ source, text }) => [source, text])).toEqual([
      ['container/a', 'line 1'],
      ['container/a', 'line 2'],
      ['container/b', 'next'],
    ]);
  });

  it('stays below its limit, drops the oldest and says which are left', async () => {
    await store.stop();
    limit = 2 ** 20;
    store = open();
    for (let n = 1; n <= 40; n++) {
      fill(n * 1000 + 1, (n + 1) * 1000, 60);
      await store.count({});
    }
    const size = readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
    expect(size).toBeLessThan(limit * 1.2);
    const { kept } = store.sources();
    expect(kept.oldest).toBeGreaterThan(20_000);
    expect(kept).toMatchObject({ newest: 40_000, limitBytes: limit });
    const first = await store.page({ limit: 1, after: 0 });
    expect(first.items[0]).toMatchObject({
      seq: kept.oldest,
      text: expect.stringContaining(`line ${kept.oldest + 1000}`),
    });
    expect(await store.count({})).toMatchObject({ count: 40_001 - kept.oldest, done: true });
    // And the index of what is left is right after a restart, also where it was lost.
    const before = store.sources().items;
    await store.stop();
    const indexes = () => readdirSync(directory).filter(name => name.endsWith('.json'));
    const written = indexes();
    for (const name of written.slice(0, 2)) rmSync(join(directory, name));
    store = open();
    expect(store.sources().items).toEqual(before);
    expect(indexes()).toEqual(written);
  });

  it('waits for a disk that refuses, and says what it had to give up', async () => {
    await store.stop();
    rmSync(directory, { recursive: true });
    appendFileSync(directory, 'a file where the folder should be');
    rmSync(directory);
    store = open();
    rmSync(directory, { recursive: true });
    for (let n = 0; n < 120_000; n++) put(`line ${n}`);
    await store.page(all);
    expect(store.sources().kept.problem).toMatch(/ENOENT/);
    // Memory has the newest still.
    expect((await store.tail({ after: 0, limit: 1, wait: 0 })).items[0]?.text).toBe('line 119999');
    const { mkdirSync } = await import('node:fs');
    mkdirSync(directory);
    await expect
      .poll(async () => (await store.page({ limit: 1, sources: ['core/log'] })).items[0]?.text, { timeout: 8000 })
      .toMatch(/^5\d{4} lines were not kept: .*ENOENT/);
    expect(store.sources().kept.problem).toBeNull();
  });
});

describe('a search', () => {
  beforeEach(() => {
    put('Alpha one');
    put('beta (two)', { level: 'warn', source: { key: 'run/7/0', name: 'run 7 step 1' } });
    put('ALPHA three', { stream: 'stderr', source: { key: 'run/7/1', name: 'run 7 step 2' } });
    put('\u001b[1mal\u001b[0mpha four', { level: 'error', source: { key: 'run/70/0', name: 'run 70 step 1' } });
    put('gamma', { stream: 'gantry', source: { key: 'core/flows', name: 'flows' } });
  });
  const found = async (query: Partial<Parameters<LogStore['page']>[0]>) => {
    const { items } = await store.page({ ...all, ...query });
    expect((await store.count(query)).count).toBe(items.length);
    const tail = await store.tail({ after: 0, limit: 1000, wait: 0, ...query });
    expect(tail.items).toEqual(items);
    return items.map(({ seq }) => seq);
  };

  it('finds text in any case, also under colours, and as it is written when asked', async () => {
    expect(await found({ find: 'alpha' })).toEqual([1, 3, 4]);
    expect(await found({ find: 'ALPHA', matchCase: true })).toEqual([3]);
    expect(await found({ find: '(two)' })).toEqual([2]);
    expect(await found({ find: 'alpha.*' })).toEqual([]);
    expect(await found({ find: 'container' })).toEqual([]);
  });

  it('finds regular expressions line by line', async () => {
    expect(await found({ find: '^al?pha \\w+$', regex: true })).toEqual([1, 3, 4]);
    expect(await found({ find: '[^x]*', regex: true })).toEqual([1, 2, 3, 4, 5]);
    expect(await found({ find: 'one\\s+beta', regex: true })).toEqual([]);
  });

  it('filters by source with all below it, level and stream', async () => {
    expect(await found({ sources: ['run/7'] })).toEqual([2, 3]);
    expect(await found({ sources: ['run/7/1', 'core'] })).toEqual([3, 5]);
    expect(await found({ levels: ['warn', 'error'] })).toEqual([2, 4]);
    expect(await found({ streams: ['stderr', 'gantry'] })).toEqual([3, 5]);
    expect(await found({ sources: ['run'], streams: ['stdout'], levels: ['error'], find: 'four' })).toEqual([4]);
  });

  it('refuses what is no expression, and ends one that takes for ever', async () => {
    await expect(store.page({ ...all, find: '(', regex: true })).rejects.toMatchObject({ code: 'LOG_PATTERN_INVALID' });
    await store.stop();
    store = open({ searchLimitMs: 300 });
    put(`${'a'.repeat(40)}!`);
    await expect(store.count({ find: '(a+)+$', regex: true })).rejects.toMatchObject({ code: 'LOG_SEARCH_TOO_LONG' });
    // The next one is answered.
    expect((await store.count({ find: 'gamma' })).count).toBe(1);
  });

  it('looks over segments, and pages through all its hits once', async () => {
    await store.stop();
    limit = 4 * 2 ** 20;
    store = open();
    for (let n = 0; n < 12; n++) {
      fill(n * 500 + 1, (n + 1) * 500, 250);
      await store.count({});
    }
    expect(files().length).toBeGreaterThan(2);
    const seen: number[] = [];
    for (let before: number | undefined; ; ) {
      const { items, lookedTo, done } = await store.page({ limit: 7, before, find: '00 ' });
      seen.unshift(...items.map(({ seq }) => seq));
      if (done) break;
      before = lookedTo;
    }
    expect(seen).toHaveLength(60);
    expect(new Set(seen).size).toBe(60);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });
});

describe('a tail', () => {
  const tail = (query: Partial<Parameters<LogStore['tail']>[0]> = {}, signal?: AbortSignal) =>
    store.tail({ after: 0, limit: 1000, wait: 0, ...query }, signal);

  it('waits for the next line of its filter', async () => {
    fill(1, 3);
    const { last } = await tail();
    const waiting = tail({ after: last, wait: 10_000, levels: ['error'] });
    put('not this one');
    setTimeout(() => put('this one', { level: 'error' }), 120);
    const { items, skipped } = await waiting;
    expect([texts(items), skipped]).toEqual([['this one'], 0]);
  });

  it('comes back empty when its time is over, or nobody waits', async () => {
    const began = performance.now();
    expect(await tail({ wait: 150 })).toEqual({ items: [], skipped: 0, last: 0 });
    expect(performance.now() - began).toBeGreaterThan(140);
    const gone = new AbortController();
    const waiting = tail({ wait: 20_000 }, gone.signal);
    gone.abort();
    expect((await waiting).items).toEqual([]);
  });

  it('tells a slow window what it skipped, and the store has it', async () => {
    await store.stop();
    store = open({ recent: { lines: 100, characters: 1e6 } });
    put('seen');
    const { last } = await tail();
    fill(1, 1000);
    const next = await tail({ after: last, limit: 10 });
    expect([texts(next.items)[0], next.items.length, next.skipped]).toEqual(['line 991', 10, 990]);
    const { items } = await store.page({ limit: 5000, before: next.items[0]?.seq });
    expect(items).toHaveLength(991);
    expect(await tail({ after: 5_000_000 })).toMatchObject({ items: [], last: 1001 });
  });
});

it('exports all that is kept as text', async () => {
  fill(1, 25_000);
  put('a warning', { level: 'warn', stream: 'stderr' });
  let text = '';
  for (let after = 0; ; ) {
    const piece = await store.text({ after });
    text += piece.text;
    if (piece.done) break;
    after = piece.lookedTo;
  }
  const lines = text.trimEnd().split('\n');
  expect(lines).toHaveLength(25_001);
  expect(lines[0]).toBe('2023-11-14T22:13:20.000Z container/a stdout info line 1');
  expect(lines.at(-1)).toBe('2023-11-14T22:13:20.000Z container/a stderr warn a warning');
});
