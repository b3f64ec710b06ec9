import type { Pattern, PatternSearch } from './pattern.ts';

/** What a trigger looks at: `undefined` is an absent element, an empty list one without a value. */
export interface Instance {
  sopInstanceUid: string;
  values(keyword: string): string[] | undefined;
}

/** A key of a trigger: the element of this keyword must hold the pattern. */
export interface Key {
  keyword: string;
  source: string;
  pattern: Pattern;
}

export interface KeyResult {
  key: Key;
  /** The values joined by backslash, as they stand in the file; null when the element is absent. */
  value: string | null;
  met: boolean;
  /** The part that matched, and which of several values holds it (from 1; 0 for the joined text). */
  matched?: { text: string; value: number; of: number };
  tookTooLong?: boolean;
  /** There is an element, but what stands in it cannot be decoded. */
  unreadable?: boolean;
}

export interface TriggerResult {
  met: boolean;
  /** The first that met all keys; else the one that came closest; null when there is none. */
  instance: Instance | null;
  keys: KeyResult[];
}

/** How long one judgement may keep other work of the core waiting. */
const turnMs = 15;

/** Lets other work of the core run once in a while. */
export function createPause(): () => Promise<void> | null {
  let began = performance.now();
  return () => {
    if (performance.now() - began < turnMs) return null;
    return new Promise<void>(resolve => setImmediate(resolve)).then(() => {
      began = performance.now();
    });
  };
}

/**
 * Looks for the first instance that meets all keys. Keys of one trigger belong together: they must be met by the same
 * instance. An absent element meets nothing. Of instances that do not meet, the closest is kept: most keys met, then
 * most elements present, then the first.
 */
export async function judgeTrigger(
  keys: readonly Key[],
  instances: Iterable<Instance>,
  search: PatternSearch,
  pause: () => Promise<void> | null,
): Promise<TriggerResult> {
  let closest: TriggerResult = { met: false, instance: null, keys: [] };
  let closestScore = -1;
  for (const instance of instances) {
    const waited = pause();
    if (waited) await waited;
    const results: KeyResult[] = [];
    let met = 0;
    let present = 0;
    for (const key of keys) {
      // An instance that can no longer be the closest needs no further search.
      const reachable = (met + keys.length - results.length) * (keys.length + 1) + keys.length;
      if (reachable <= closestScore) break;
      const judged = judgeKey(key, instance, search);
      const result = judged instanceof Promise ? await judged : judged;
      results.push(result);
      if (result.met) met++;
      if (result.value !== null) present++;
    }
    if (results.length < keys.length) continue;
    if (met === keys.length) return { met: true, instance, keys: results };
    const score = met * (keys.length + 1) + present;
    if (score > closestScore) [closest, closestScore] = [{ met: false, instance, keys: results }, score];
  }
  return closest;
}

/** Any value may match, or the values joined by backslash: so that a pattern may ask for two of them in a row. */
function judgeKey(key: Key, instance: Instance, search: PatternSearch): KeyResult | Promise<KeyResult> {
  let values: string[] | undefined;
  try {
    values = instance.values(key.keyword);
  } catch {
    // One damaged element must not keep a batch from its verdict; the reason says so.
    return { key, value: null, met: false, unreadable: true };
  }
  if (values === undefined) return { key, value: null, met: false };
  const joined = values.join('\\');
  const texts = values.length > 1 ? [...values, joined] : [joined];
  return judgeTexts(key, joined, texts, 0, search);
}

function judgeTexts(
  key: Key,
  joined: string,
  texts: string[],
  from: number,
  search: PatternSearch,
): KeyResult | Promise<KeyResult> {
  for (let index = from; index < texts.length; index++) {
    const answered = search.search(key.pattern, texts[index] ?? '');
    if (answered instanceof Promise) {
      return answered.then(answer => settle(answer, index) ?? judgeTexts(key, joined, texts, index + 1, search));
    }
    const result = settle(answered, index);
    if (result) return result;
  }
  return { key, value: joined, met: false };

  function settle(answer: Awaited<ReturnType<PatternSearch['search']>>, index: number): KeyResult | null {
    if (answer === 'too-long') return { key, value: joined, met: false, tookTooLong: true };
    if (answer.found === null) return null;
    const several = texts.length > 1;
    const value = several && index === texts.length - 1 ? 0 : index + 1;
    return {
      key,
      value: joined,
      met: true,
      matched: { text: answer.found, value, of: several ? texts.length - 1 : 1 },
    };
  }
}
