import { afterEach, describe, expect, it } from 'vitest';
import {
  compilePattern,
  createPatternSearch,
  type Pattern,
  type PatternSearch,
} from '../../../electron/core/flows/pattern.ts';
import { errorsOf, seeded, warningsOf } from '../../helpers/flow-text.ts';

const searches: PatternSearch[] = [];
const newSearch = (options = {}) => {
  const made = createPatternSearch(options);
  searches.push(made);
  return made;
};
afterEach(async () => {
  await Promise.all(searches.splice(0).map(search => search.stop()));
});

function read(source: string): Pattern {
  const compiled = compilePattern(source);
  if ('wrong' in compiled) throw new Error(`${source}: ${compiled.wrong}`);
  return compiled.pattern;
}
async function find(source: string, input: string): Promise<string | null | 'too-long'> {
  const answer = await newSearch().search(read(source), input);
  return answer === 'too-long' ? answer : answer.found;
}

describe('patterns', () => {
  /** Each with what Python's re.search finds. */
  const python: [pattern: string, input: string, found: string | null][] = [
    ['CT', 'xCTx', 'CT'],
    ['CT', 'ct', null],
    ['(?i)ct', 'CT', 'CT'],
    ['Head|Neck|Brain', 'CT Neck routine', 'Neck'],
    ['Head|Neck|Brain', 'Thorax', null],
    ['^Thorax$', 'Thorax', 'Thorax'],
    ['^Thorax$', 'Thorax 2', null],
    ['1.2.840', '1x2y840', '1x2y840'],
    ['1\\.2\\.840', '1.2.840.1', '1.2.840'],
    ['', 'anything', ''],
    ['(?P<part>He.d) scan', 'Head scan', 'Head scan'],
    ['\\AHead\\Z', 'Head', 'Head'],
    ['\\AHead\\Z', 'Head ', null],
    ['Sch\\wdel', 'Schädel', 'Schädel'],
    ['[\\w-]+$', 'a Schädel-CT', 'Schädel-CT'],
    ['[\\w-x]+', '--ä', '--ä'],
    ['\\d{3}', 'a1234', '123'],
    ['\\D+', '12ab34', 'ab'],
    ['\\W+', 'ab -ä', ' -'],
    ['a{,2}b', 'aaab', 'aab'],
    ['a{x}', 'a{x}', 'a{x}'],
    ['x{', 'x{', 'x{'],
    ['a]b}', 'a]b}', 'a]b}'],
    ['[]a]+', ']a]', ']a]'],
    ['[^]a]+', 'b]', 'b'],
    ['[[a]+', '[a[', '[a['],
    ['\\u00e4|\\x42', 'ä', 'ä'],
    ['He(?#comment)ad', 'Head', 'Head'],
    ['a\\-b\\/c\\ d', 'a-b/c d', 'a-b/c d'],
    ['(?s)a.b', 'a\nb', 'a\nb'],
    ['a.b', 'a\nb', null],
    ['(?m)^b$', 'a\nb\nc', 'b'],
    ['脳', '頭脳', '脳'],
    ['^.$', '𝔸', '𝔸'],
  ];
  it.each(python)('%j in %j finds %j, in linear time', async (pattern, input, found) => {
    expect(read(pattern).kind).toBe('linear');
    expect(await find(pattern, input)).toBe(found);
  });

  const backtracking: [pattern: string, input: string, found: string | null][] = [
    ['^(?!.*Scout)', 'Thorax', ''],
    ['^(?!.*Scout)', 'Thorax Scout', null],
    ['(?i)^(?!.*scout)', 'Thorax SCOUT', null],
    ['(?=.*a)(?=.*b)', 'xbxa', ''],
    ['(?<=CT )Head', 'CT Head', 'Head'],
    ['(?<!CT )Head', 'CT Head', null],
    ['(\\w)\\1', 'Schädeel', 'ee'],
    ['(?P<c>\\w)(?P=c)', 'abba', 'bb'],
    ['(?=.)a{2000}', 'a'.repeat(2000), 'a'.repeat(2000)],
    ['a{1001}', 'a'.repeat(1001), 'a'.repeat(1001)],
    ['(?=a)\\Aab\\Z', 'ab', 'ab'],
    ['(?=.)x{y}\\-\\ \\u00e4[\\w-x]', 'x{y}- ä-', 'x{y}- ä-'],
    ['(?=.)[]a]', ']', ']'],
  ];
  it.each(backtracking)('%j in %j finds %j, in a thread', async (pattern, input, found) => {
    expect(read(pattern).kind).toBe('backtracking');
    expect(await find(pattern, input)).toBe(found);
  });

  const wrong = [
    '(',
    ')',
    '[',
    '*a',
    'a**',
    '[z-a]',
    '(?P<n',
    '(?x)a',
    '(?>a)',
    'a++',
    '(?(1)a|b)',
    '\\',
    '(?=a',
    '(a)\\2',
    '(?P=n)',
    '(a{1000}){1000}',
    'x'.repeat(2001),
  ];
  it.each(wrong)('refuses %j where it stands', pattern => {
    const [error, ...others] = errorsOf(`triggers:\n  - Modality: '${pattern}'`);
    expect(error).toMatch(/^2:15 The pattern .* cannot be read: ./);
    expect(others).toEqual([]);
  });

  it('says that a pattern needs a thread, and that ~ does not negate', () => {
    expect(warningsOf("triggers:\n  - SeriesDescription: '(?!x)'")).toEqual([
      '2:24 The pattern "(?!x)" needs lookaround: a search that takes longer than a second counts as no match',
    ]);
    expect(warningsOf("triggers:\n  - SeriesDescription: '~Scout'")[0]).toMatch(
      /looks for a ~; it does not mean "not"/,
    );
  });

  const hostile: [pattern: string, input: string][] = [
    ['(a+)+$', `${'a'.repeat(60_000)}b`],
    ['^(a|a)*$', `${'a'.repeat(60_000)}b`],
    ['(x+x+)+y', 'x'.repeat(60_000)],
    ['(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)Z', 'a'.repeat(60_000)],
    ['\\b(\\w+\\s?){300}$', `${'ab '.repeat(20_000)}!`],
    ['([a-zA-Z0-9._-]+)*@', 'a'.repeat(60_000)],
    ['(a?){400}a{400}', 'a'.repeat(400)],
  ];
  it.each(hostile)('%j does not hang', async pattern => {
    const input = hostile.find(([source]) => source === pattern)?.[1] ?? '';
    const began = performance.now();
    await find(pattern, input);
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it('a search that backtracks for ever is ended, the core runs on, and the thread works again', async () => {
    const search = newSearch({ limitMs: 300 });
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 10);
    const began = performance.now();
    expect(await search.search(read('^(?=(a+)+$)'), `${'a'.repeat(60)}b`)).toBe('too-long');
    clearInterval(ticking);
    expect(performance.now() - began).toBeGreaterThanOrEqual(290);
    expect(performance.now() - began).toBeLessThan(3000);
    expect(ticks).toBeGreaterThan(5);
    expect(await search.search(read('(?=b)b'), 'abc')).toEqual({ found: 'b' });
  });

  it('does not wait again for a pattern that ran away once, nor beyond its budget', async () => {
    const search = newSearch({ limitMs: 200, budgetMs: 500 });
    const runaway = read('^(?=(a+)+$)');
    const began = performance.now();
    for (let i = 0; i < 200; i++) expect(await search.search(runaway, `${'a'.repeat(40 + i)}b`)).toBe('too-long');
    for (let i = 0; i < 20; i++)
      expect(await search.search(read(`^(?=(a+)+$)${i}`), `${'a'.repeat(50)}b`)).toBe('too-long');
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it('finds what JavaScript finds: 4000 random patterns of the syntax both share', async () => {
    const random = seeded(20240607);
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
    const letters = ['a', 'b', 'c', 'A', '1', ' ', '-', '.', '\\'];
    const atoms = [
      'a',
      'b',
      'c',
      'A',
      '1',
      ' ',
      '.',
      '\\.',
      '\\\\',
      '[ab]',
      '[^a]',
      '[a-c1]',
      '\\d',
      '\\w',
      '\\s',
      '\\S',
      '\\W',
      '^',
      '$',
      '\\b',
    ];
    const repeats = ['', '', '', '*', '+', '?', '{2}', '{1,3}', '{2,}', '*?', '+?'];
    const expression = (depth: number): string => {
      const parts = Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
        const group = depth > 0 && random() < 0.3;
        const atom = group ? `${pick(['(', '(?:'])}${expression(depth - 1)})` : pick(atoms);
        return /^(\^|\$|\\b)$/.test(atom) ? atom : atom + pick(repeats);
      });
      return parts.join('') + (random() < 0.2 ? `|${pick(atoms)}` : '');
    };
    const search = newSearch();
    let matches = 0;
    for (let round = 0; round < 4000; round++) {
      const source = expression(2);
      const compiled = compilePattern(source);
      if ('wrong' in compiled) throw new Error(`${source}: ${compiled.wrong}`);
      const input = Array.from({ length: Math.floor(random() * 12) }, () => pick(letters)).join('');
      const answer = await search.search(compiled.pattern, input);
      // Whether, not what: JavaScript alone goes on past a repetition that matched nothing.
      const expected = new RegExp(source).test(input);
      if (expected) matches++;
      expect(answer !== 'too-long' && answer.found !== null, `${source} in ${JSON.stringify(input)}`).toBe(expected);
    }
    expect(matches).toBeGreaterThan(800);
    expect(matches).toBeLessThan(3600);
  });
});
