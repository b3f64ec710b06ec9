import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, describe as group, it } from 'vitest';
import { AppError, describe, type ProblemCode, problemOf, problems } from '../../shared/problems.ts';

const root = resolve(import.meta.dirname, '../..');
const codes = Object.keys(problems) as ProblemCode[];
const sources = readdirSync(join(root, 'electron'), { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .map(name => readFileSync(join(root, 'electron', name), 'utf8'))
  .join('\n');

/** Whatever parameter a problem asks for. */
const known: Record<string, unknown> = { nextTryAt: 0, lastLines: [], remedy: 'Correct the line.' };
const anything = new Proxy({}, { get: (_target, name) => known[String(name)] ?? 7 });

group('every problem', () => {
  it.each(codes)('%s is thrown or told somewhere', code => {
    // DEFECT is what problemOf makes of everything else.
    if (code === 'DEFECT') return expect(sources).toContain('problemOf(');
    expect(sources).toMatch(new RegExp(`(AppError|describe|problem|Problem)[^;]{0,80}'${code}'`));
  });

  it.each(codes)('%s is a fact, and begins its remedy with a verb', code => {
    const { title, remedy } = describe(code, anything as never);
    expect(title).not.toMatch(/oops|sorry|please|undefined|\.$/i);
    expect(remedy).toMatch(/^[A-Z][a-z]+ /);
    expect(remedy).toMatch(/\.$/);
    expect(remedy).not.toMatch(/undefined|please/i);
  });

  it('keeps our words as they are, and tells nothing of a defect', () => {
    expect(problemOf(new AppError('RUN_NOT_FOUND', { id: 4 }))).toMatchObject({
      code: 'RUN_NOT_FOUND',
      params: { id: 4 },
    });
    const defect = problemOf(new Error('secret detail'), 'trace-1');
    expect(defect).toMatchObject({ code: 'DEFECT', kind: 'defect', traceId: 'trace-1' });
    expect(JSON.stringify(defect)).not.toContain('secret');
  });
});
