import { describe, expect, it } from 'vitest';
import { shellWords } from '../../../electron/core/flows/definition/shell-words.ts';

/** Answers of Python 3's shlex.split, which docker-py calls for a command given as text. */
const answers: [text: string, words: string[]][] = [
  [
    `sh -c 'echo $CONTAINER_ORDER; cp -r /input /output/'`,
    ['sh', '-c', 'echo $CONTAINER_ORDER; cp -r /input /output/'],
  ],
  ['', []],
  ['  a\t b\n c ', ['a', 'b', 'c']],
  [`a "b c" d`, ['a', 'b c', 'd']],
  [`a"b c"d`, ['ab cd']],
  [`'' ""`, ['', '']],
  [`"a\\"b"`, ['a"b']],
  [`"a\\\\b"`, ['a\\b']],
  [`"a\\nb"`, ['a\\nb']],
  [`'a\\nb'`, ['a\\nb']],
  ['a\\ b', ['a b']],
  ['a\\nb', ['anb']],
  ['a # b', ['a', '#', 'b']],
  ['a#b', ['a#b']],
  ['a;b|c && d > e', ['a;b|c', '&&', 'd', '>', 'e']],
  ['$HOME `x` *', ['$HOME', '`x`', '*']],
  [`it\\'s`, ["it's"]],
  [`"it's"`, ["it's"]],
];

describe('shell words', () => {
  it.each(answers)('splits %j as shlex does', (text, words) => {
    expect(shellWords(text)).toEqual({ words });
  });

  it.each([`"a`, `'a`, 'a\\', `"a\\`, `it's`])('refuses %j', text => {
    expect(shellWords(text)).toHaveProperty('wrong');
  });
});
