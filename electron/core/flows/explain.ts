import type { TriggerReason, Verdict } from '../../../shared/schemas/batches.ts';
import type { Flow } from '../../../shared/schemas/flows.ts';
import { compilePattern, createPatternSearch, patternLimits } from './pattern.ts';
import { createPause, type Instance, judgeTrigger, type Key, type KeyResult, type TriggerResult } from './trigger.ts';

/** Of a value, a pattern or a list, this much tells the reason; verdicts are stored for every flow and batch. */
const shownCharacters = 200;

/**
 * Judges a flow by the instances of a batch, and says why: for each trigger the instance that met it, or the one that
 * came closest with every key and its value. All triggers must be met; none at all is met by every batch.
 * Values are patient data: a verdict may be stored and shown, never logged.
 */
export async function explainFlow(flow: Flow, file: string, instances: Iterable<Instance>): Promise<Verdict> {
  const all = Array.isArray(instances) ? (instances as Instance[]) : [...instances];
  const search = createPatternSearch();
  const pause = createPause();
  try {
    const triggers: TriggerReason[] = [];
    for (const [index, trigger] of flow.triggers.entries()) {
      const keys = Object.entries(trigger).map(([keyword, source]) => keyOf(keyword, source));
      const result = await judgeTrigger(keys, all, search, pause);
      triggers.push(reasonOf(index, result, all.length));
    }
    const matched = triggers.every(trigger => trigger.met);
    const text = verdictText(triggers, matched);
    const { name: flowName, version: flowVersion } = flow;
    return { flowFile: file, flowName, flowVersion, matched, triggers, text, at: Date.now() };
  } finally {
    await search.stop();
  }
}

export function keyOf(keyword: string, source: string): Key {
  const compiled = compilePattern(source);
  // A flow holds only patterns that could be read when it was loaded; this is for one read by another version.
  if ('wrong' in compiled)
    return { keyword, source, pattern: { kind: 'backtracking', text: '(?!)', flags: 'u', beyond: [] } };
  return { keyword, source, pattern: compiled.pattern };
}

function verdictText(triggers: TriggerReason[], matched: boolean): string {
  if (triggers.length === 0) return 'Matched: the flow has no triggers, so every batch matches.';
  const unmet = triggers.filter(trigger => !trigger.met);
  if (matched)
    return triggers.length === 1
      ? `Matched. ${triggers[0]?.text}`
      : `Matched: all ${triggers.length} triggers are met.`;
  const more =
    unmet.length > 1
      ? ` ${unmet.length - 1} more of ${triggers.length} triggers ${unmet.length > 2 ? 'are' : 'is'} not met.`
      : '';
  return `Not matched. ${unmet[0]?.text}${more}`;
}

function reasonOf(index: number, { met, instance, keys }: TriggerResult, count: number): TriggerReason {
  const trigger = `Trigger ${index + 1}`;
  const uid = instance?.sopInstanceUid ?? null;
  let text: string;
  if (instance === null) text = `${trigger} is not met: the batch has no instances.`;
  else if (met)
    text = `${trigger} is met by ${uid}${keys.length ? `: ${keys.map(metWords).join(', ')}` : ', as it asks for nothing'}.`;
  else {
    const why = keys
      .filter(key => !key.met)
      .map(unmetWords)
      .join(', ');
    const who = count === 1 ? `the only instance, ${uid}, fails` : `of ${count} instances ${uid} came closest`;
    text = `${trigger} is not met: ${who}: ${why}.`;
  }
  return { index, met, sopInstanceUid: uid, keys: keys.map(keyReason), text: cut(text, 10 * shownCharacters) };
}

function keyReason(result: KeyResult): TriggerReason['keys'][number] {
  const note = noteOf(result);
  return {
    keyword: result.key.keyword,
    pattern: cut(result.key.source),
    value: result.value === null ? null : cut(result.value),
    met: result.met,
    ...(note ? { note } : {}),
  };
}

function noteOf({ value, matched, tookTooLong, unreadable }: KeyResult): string | null {
  if (unreadable) return 'the element cannot be read';
  if (tookTooLong) return 'the search took too long and counts as no match';
  if (matched) {
    const found = `matched ${shown(matched.text)}`;
    if (matched.of === 1) return found;
    return matched.value === 0
      ? `${found} in the ${matched.of} values joined`
      : `${found} in value ${matched.value} of ${matched.of}`;
  }
  if (value === null) return 'the instance has no such element';
  if (value.length > patternLimits.inputCharacters)
    return `only the first ${patternLimits.inputCharacters} characters were searched`;
  return null;
}

const metWords = ({ key, value }: KeyResult): string =>
  `${key.keyword} ${shown(value ?? '')} matches ${shown(key.source)}`;

function unmetWords({ key, value, tookTooLong, unreadable }: KeyResult): string {
  if (unreadable) return `${key.keyword} cannot be read`;
  if (value === null) return `${key.keyword} is missing`;
  if (tookTooLong) return `the search for ${shown(key.source)} in ${key.keyword} took too long`;
  return `${key.keyword} ${shown(value)} does not match ${shown(key.source)}`;
}

const cut = (text: string, most = shownCharacters): string => (text.length > most ? `${text.slice(0, most)}...` : text);
const shown = (text: string): string => `"${cut(text)}"`;
