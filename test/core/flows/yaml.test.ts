import { describe, expect, it } from 'vitest';
import { errorsOf, flowOf, warningsOf } from '../../helpers/flow-text.ts';

const first = (text: string) => errorsOf(text)[0];

describe('YAML of flow files', () => {
  it('refuses a key that is given twice, and says where it was first', () => {
    expect(errorsOf('name: a\ntriggers: []\nname: b')).toEqual(['3:1 name is given twice (first on line 1)']);
    expect(errorsOf('triggers:\n  - Modality: CT\n    Modality: MR')).toEqual([
      '3:5 Modality is given twice (first on line 2)',
    ]);
  });

  const syntax: [text: string, message: RegExp][] = [
    ['triggers: [a, b', /^1:\d+ Not YAML: .*flow collection/],
    ['triggers:\n\t- a', /^2:1 Not YAML: tab/],
    ['triggers: []\nname: a: b', /^2:\d+ Not YAML: bad indentation/],
    ['name: "a\\q"', /^1:\d+ Not YAML: unknown escape/],
    ['triggers: []\n name: x', /^2:\d+ /],
    ['name: *x', /^1:7 Nothing before this is anchored as &x$/],
    ['triggers: &a [*a]', /^1:15 Nothing before this is anchored as &a$/],
    ['name: !!js/function "x"', /^1:7 The tag !!js\/function has no meaning here$/],
    [
      'name: !!python/object/apply:os.system [ls]',
      /^1:7 The tag !!python\/object\/apply:os.system has no meaning here$/,
    ],
    ['? [a, b]\n: c', /^1:3 A key must be plain text$/],
  ];
  it.each(syntax)('says where %j is wrong', (text, message) => {
    expect(first(text)).toMatch(message);
  });

  const quotes: [text: string, place: string][] = [
    ['name: "a\nversion: 1\ntriggers: []', '1:7'],
    ["name: a\nversion: '1\npriority: 4", '2:10'],
    ['triggers:\n  - Modality: "CT\n    SeriesDescription: "Head"\n', '2:15'],
    ['models:\n  - docker_kwargs:\n      image: busybox\n      command: "sh -c x # run\n      user: root\n', '4:16'],
    ['models:\n  - static_mounts:\n      - "A:/a\n      - "B:/b"\n', '3:9'],
    ['name: x\ndescription: "two\n  lines"\nversion: "1\npriority: 3', '4:10'],
    ['name: "at the end', '1:7'],
  ];
  it.each(quotes)('finds the quote that is not closed in %j', (text, place) => {
    expect(first(text)).toMatch(new RegExp(`^${place} The text that begins here has no closing`));
  });

  it('keeps its places behind a byte order mark, Windows line ends and wide characters', () => {
    expect(first('\uFEFFpriority: 9')).toMatch(/^1:11 priority is/);
    expect(first('name: x\r\npriority: 9\r\n')).toMatch(/^2:11 priority is/);
    expect(first('name: "Schädel 脳"\npriority: 9')).toMatch(/^2:11 priority is/);
    expect(flowOf('triggers: []\r\nname: x\r\n').name).toBe('x');
  });

  it('follows anchors, aliases and merges', () => {
    const text = `triggers: []
x-common: &common
  gpu: true
  timeout: 60
models:
  - &first
    <<: *common
    docker_kwargs: &kwargs { image: busybox }
    timeout: 90
  - <<: [*first]
    name: second
`;
    expect(flowOf(text).models).toMatchObject([
      { name: 'busybox', gpu: true, timeoutSeconds: 90 },
      { name: 'second', gpu: true, timeoutSeconds: 90 },
    ]);
    expect(first('<<: 3')).toMatch(/^1:5 << merges only mappings/);
  });

  it('takes a comment right behind a quote or bracket, as DicomFlow does', () => {
    const text = 'triggers: []# none\nname: "a"# my name\npriority: 9';
    expect(warningsOf(text)).toEqual([
      '1:13 A comment begins without a blank before its #',
      '2:10 A comment begins without a blank before its #',
    ]);
    expect(errorsOf(text)).toEqual(['3:11 priority is "9", not a whole number from 0 to 5']);
  });

  it('refuses aliases that expand to far too much, at once', () => {
    const lines = ['x-0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 12; i++)
      lines.push(
        `x-${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
    const began = performance.now();
    expect(first(lines.join('\n'))).toMatch(/Aliases expand to far too many values$/);
    expect(performance.now() - began).toBeLessThan(500);
    const merges = [
      'a0: &a0 {k: 1}',
      ...Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} {<<: [*a${i}, *a${i}], k${i}: 1}`),
    ];
    expect(errorsOf(merges.join('\n'))).toEqual([]);
  });

  it('refuses files that are too large, too deep or too full, at once', () => {
    const began = performance.now();
    expect(first('#'.repeat(1_000_001))).toMatch(/^1:1 The file has 1000001 characters/);
    expect(first(`x-a: ${'['.repeat(5000)}`)).toMatch(/^1:\d+ Not YAML/);
    expect(first(`x-a: [${'1,'.repeat(30_000)}1]`)).toMatch(/^1:\d+ The file holds far too many values/);
    expect(first(`${'a'.repeat(900_000)}: "x`)).toMatch(/^1:\d+ /);
    expect(first('- "x\n'.repeat(100_000))).toMatch(/^\d+:\d+ /);
    for (const line of [
      `a: "${'\\'.repeat(1500)}" x`,
      `a:${' '.repeat(90_000)}"`,
      `${'- '.repeat(900)}"`,
      'a: "'.repeat(20_000),
    ]) {
      expect(first(line)).toMatch(/^\d+:\d+ /);
    }
    expect(performance.now() - began).toBeLessThan(5000);
  });
});
