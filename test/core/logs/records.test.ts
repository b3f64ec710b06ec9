import { describe, expect, it } from 'vitest';
import { createLogHub, hubSource, isOf, levelInText } from '../../../electron/core/logs/index.ts';

describe('the level of a container line', () => {
  it.each([
    ['2026-01-01 12:00:00 ERROR cannot open', 'error'],
    ['[WARN] slow', 'warn'],
    ['{"time":1,"level":"error","msg":"x"}', 'error'],
    ['{"level":30,"msg":"pino"}', 'info'],
    ['{"level":50,"msg":"pino"}', 'error'],
    ['ts=1 level=warning msg=x', 'warn'],
    ['FATAL:  the database system is starting up', 'error'],
    ['W0101 not a word', 'info'],
    ['finished with 0 errors', 'info'],
    ['TERRORIST', 'info'],
    ['DEBUG: deep', 'debug'],
    [`${' '.repeat(300)}ERROR far behind`, 'info'],
    ['', 'info'],
  ])('%j is %s', (text, level) => {
    expect(levelInText(text)).toBe(level);
  });
});

it('sorts the words of the hub below what they belong to', () => {
  expect(hubSource('run 7')).toEqual({ key: 'run/7', name: 'run 7' });
  expect(hubSource('association 12')).toEqual({ key: 'association/12', name: 'association 12' });
  expect(hubSource('delivery 7')).toEqual({ key: 'delivery/7', name: 'delivery of run 7' });
  expect(hubSource('listener')).toEqual({ key: 'core/listener', name: 'listener' });
  expect(isOf('run/7/0', ['run/7'])).toBe(true);
  expect(isOf('run/70', ['run/7'])).toBe(false);
  expect(isOf('anything', [])).toBe(true);
});

it('tells listeners of the hub each line until they go', () => {
  const log = createLogHub();
  const heard: string[] = [];
  const stop = log.listen(
    ({ line }) => heard.push(line),
    ({ text }) => heard.push(text),
  );
  const output = { at: 1, source: { key: 'run/1/0', name: 'run 1 step 1' }, level: 'info', stream: 'stdout' } as const;
  log.info('core', 'one');
  log.output({ ...output, text: 'written' });
  stop();
  log.info('core', 'two');
  expect(heard).toEqual(['one', 'written']);
  expect(log.recent(10).map(({ line }) => line)).toEqual(['one', 'two']);
});
