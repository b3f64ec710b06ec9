import { describe, expect, it } from 'vitest';
import { changesOnly, diffLines } from '../../../renderer/features/flows/diff-lines.ts';

const signs = { same: ' ', old: '-', new: '+' };
const diff = (a: string, b: string) => diffLines(a, b).map(line => signs[line.kind] + line.text);

describe('the difference of two texts', () => {
  it('keeps what they have in common, in order', () => {
    expect(diff('a\nb\nc\nd', 'a\nc\nx\nd')).toEqual([' a', '-b', ' c', '+x', ' d']);
    expect(diff('a', 'a')).toEqual([' a']);
    expect(diff('', 'a')).toEqual(['-', '+a']);
    expect(diff('x\nx\ny', 'x\ny')).toEqual([' x', '-x', ' y']);
  });

  it('gives back both texts, whatever they are', () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 48271) % 2147483647;
      return seed % below;
    };
    for (let round = 0; round < 200; round++) {
      const text = () => Array.from({ length: random(12) + 1 }, () => 'abc'[random(3)]).join('\n');
      const [a, b] = [text(), text()];
      const lines = diffLines(a, b);
      const side = (without: string) =>
        lines
          .filter(line => line.kind !== without)
          .map(line => line.text)
          .join('\n');
      expect([side('new'), side('old')]).toEqual([a, b]);
    }
  });

  it('leaves out what is far from every change', () => {
    const before = Array.from({ length: 30 }, (_, at) => `line ${at}`);
    const after = before.with(15, 'changed');
    const shown = changesOnly(diffLines(before.join('\n'), after.join('\n')), 2);
    expect(shown.map(line => line && signs[line.kind] + line.text)).toEqual([
      null,
      ' line 13',
      ' line 14',
      '-line 15',
      '+changed',
      ' line 16',
      ' line 17',
      null,
    ]);
  });
});
