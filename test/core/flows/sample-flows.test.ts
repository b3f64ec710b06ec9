import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseFlow } from '../../../electron/core/flows/definition.ts';

const folder = join(import.meta.dirname, '../../../resources/flows');

describe('sample flows', () => {
  it('are there', () => {
    expect(readdirSync(folder).sort()).toEqual([
      'results-to-folder.yml',
      'route-to-peer.yml',
      'simplest.yml',
      'two-models.yml',
    ]);
  });

  it.each(readdirSync(folder))('%s loads', file => {
    const { flow, problems } = parseFlow(readFileSync(join(folder, file), 'utf8'), file);
    expect(problems.filter(problem => problem.severity === 'error')).toEqual([]);
    expect(flow?.name).not.toBe('');
    const needsThread = problems.filter(problem => !problem.what.includes('lookaround'));
    expect(needsThread).toEqual([]);
  });
});
