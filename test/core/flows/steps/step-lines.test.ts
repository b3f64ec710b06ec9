import { describe, expect, it } from 'vitest';
import { missed } from '../../../../electron/core/flows/steps/step-lines.ts';

describe('lines that a followed log lacks', () => {
  it.each([
    [['a', 'b'], ['a', 'b'], []],
    [['a', 'b'], ['a', 'b', 'c'], ['c']],
    [['a'], ['a', 'b', 'c'], ['b', 'c']],
    [[], ['a', 'b'], ['a', 'b']],
    [[], [], []],
    [['x', 'x'], ['x', 'x', 'x'], ['x']],
    [['b', 'c', 'd'], ['c', 'd', 'e'], ['e']],
    [['a', 'b'], ['p', 'q'], []],
    [['a', 'b'], [], []],
  ])('seen %j of %j: %j', (seen, whole, expected) => {
    expect(missed(seen, whole)).toEqual(expected);
  });
});
