import { RE2JS } from 're2js';
import { type Beyond, translatePattern } from './pattern-dialect.ts';
import { type Answer, createBacktracker } from './pattern-worker.ts';

/** A pattern ready to search with. Linear time in this thread, or backtracking in a thread that can be ended. */
export type Pattern =
  | { kind: 'linear'; engine: RE2JS }
  | { kind: 'backtracking'; text: string; flags: string; beyond: Beyond[] };

export const patternLimits = { characters: 2000, programSize: 3000, inputCharacters: 16_384 };

/**
 * Reads a regular expression in Python's dialect.
 *
 * @returns the pattern, or why it is none, in words
 */
export function compilePattern(source: string): { pattern: Pattern } | { wrong: string } {
  if (source.length > patternLimits.characters) {
    return { wrong: `it has ${source.length} characters, more than ${patternLimits.characters}` };
  }
  const linear = translatePattern(source, 'linear');
  try {
    const engine = RE2JS.compile(linear.text);
    // Time is program size times input: this bounds both factors.
    if (engine.programSize() > patternLimits.programSize) return { wrong: 'its counted repetitions make it too large' };
    return { pattern: { kind: 'linear', engine } };
  } catch (error) {
    if (linear.beyond.size === 0) return { wrong: wordsOf(error) };
  }
  const { text, flags, beyond } = translatePattern(source, 'backtracking');
  try {
    new RegExp(text, `u${flags}`);
    return { pattern: { kind: 'backtracking', text, flags: `u${flags}`, beyond: [...beyond] } };
  } catch (error) {
    return { wrong: wordsOf(error) };
  }
}

const wordsOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    .replace(/^error parsing regexp: /, '')
    .replace(/^Invalid regular expression: .*: /, '')
    .replace(/`/g, '"');

/** Searches unanchored and case-sensitive. Owns a thread: stop() it. */
export interface PatternSearch {
  /** Answers at once where it can, so that thousands of searches need no turn of the event loop each. */
  search(pattern: Pattern, input: string): Answer | Promise<Answer>;
  stop(): Promise<void>;
}

/**
 * @param options.limitMs time of one search in the thread
 * @param options.budgetMs time of all searches in the thread together; when it is used up, every further one is `too-long`
 */
export function createPatternSearch({ limitMs = 1000, budgetMs = 5000 } = {}): PatternSearch {
  const backtracker = createBacktracker({ limitMs });
  const known = new Map<Pattern, Map<string, Answer>>();
  /** Patterns that ran too long once: the next value would hardly do better, and each costs the limit. */
  const runaways = new Set<Pattern>();
  let left = budgetMs;

  async function backtrack(pattern: Extract<Pattern, { kind: 'backtracking' }>, input: string): Promise<Answer> {
    if (left <= 0 || runaways.has(pattern)) return 'too-long';
    const began = performance.now();
    const answer = await backtracker.search(pattern, input);
    left -= performance.now() - began;
    if (answer === 'too-long') runaways.add(pattern);
    return answer;
  }

  return {
    search(pattern, whole) {
      const input = whole.slice(0, patternLimits.inputCharacters);
      const answers = known.get(pattern) ?? new Map<string, Answer>();
      known.set(pattern, answers);
      const answered = answers.get(input);
      if (answered !== undefined) return answered;
      const remember = (answer: Answer) => {
        answers.set(input, answer);
        return answer;
      };
      if (pattern.kind === 'backtracking') return backtrack(pattern, input).then(remember);
      return remember({ found: pattern.engine.test(input) ? (pattern.engine.exec(input)?.[0] ?? '') : null });
    },
    stop: () => backtracker.stop(),
  };
}
