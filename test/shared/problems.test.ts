import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AppError, describe as describeProblem, type ProblemCode, problemOf, problems } from '../../shared/problems.ts';
import { problemSchema } from '../../shared/schemas/common.ts';
import { modulesBelow } from '../architecture/imports.ts';

const root = resolve(import.meta.dirname, '../..');
const sources = modulesBelow(root, ['electron'])
  .map(module => readFileSync(join(root, module), 'utf8'))
  .join('\n');

/** Stands for every parameter a title or remedy may ask for. */
const anything = new Proxy(
  {},
  { get: (_target, key) => (key === 'nextTryAt' ? 1_800_000_000_000 : key === 'lastLines' ? [] : 7) },
);

describe('problems', () => {
  it.each(Object.keys(problems) as ProblemCode[])('%s is thrown somewhere and says what to do', code => {
    const { title, remedy } = describeProblem(code, anything as never);
    expect(sources.includes(`'${code}'`), `${code} is declared and never used`).toBe(true);
    expect(title).not.toMatch(/undefined|\.$/);
    // A remedy begins with a verb and is a sentence; the two whose text comes from the flow's reader have their own test.
    if (code !== 'FLOW_INVALID') expect(remedy).toMatch(/^[A-Z].*\.$/s);
  });

  it('keeps the words of ours and says nothing of a defect', () => {
    const ours = new AppError('RUN_NOT_FOUND', { id: 4 });
    expect(problemSchema.parse(problemOf(ours))).toMatchObject({
      code: 'RUN_NOT_FOUND',
      kind: 'input',
      params: { id: 4 },
    });
    const defect = problemOf(new Error('secret detail'), 'trace-1');
    expect(defect).toMatchObject({ code: 'DEFECT', kind: 'defect', traceId: 'trace-1' });
    expect(JSON.stringify(defect)).not.toContain('secret');
  });
});
