import { compilePattern } from '../pattern.ts';
import type { Findings } from './findings.ts';
import { checkKeyword } from './keywords.ts';
import { entriesOf, isEmpty, itemsOf, refuse, type Spot, textOf } from './spot.ts';

type Trigger = Record<string, string>;

const limits = { triggers: 100, keys: 50 };
const expected = 'a regular expression';

/** `triggers`: each a mapping of DICOM keyword to pattern, all of which one instance must meet. */
export function readTriggers(spot: Spot, findings: Findings): Trigger[] {
  if (isEmpty(spot)) return [];
  const items = itemsOf(spot, 'a list of triggers', findings) ?? [];
  if (items.length > limits.triggers) refuse(spot, `a list of at most ${limits.triggers} triggers`, findings);
  return items.slice(0, limits.triggers).map(item => readTrigger(item, findings));
}

function readTrigger(spot: Spot, findings: Findings): Trigger {
  const entries = entriesOf(spot, 'a trigger: a mapping of DICOM keywords to patterns', findings);
  const trigger: Trigger = Object.create(null);
  if (!entries) return trigger;
  if (entries.size === 0) {
    findings.warn(
      spot.tree.at,
      spot.path,
      'This trigger asks for nothing: every instance meets it',
      'Remove it, or add a keyword.',
    );
  }
  if (entries.size > limits.keys) refuse(spot, `a mapping of at most ${limits.keys} keywords`, findings);
  for (const [keyword, item] of [...entries].slice(0, limits.keys)) {
    checkKeyword(keyword, item.keyAt, item.path, 'no instance will have it', findings);
    const pattern = readPattern(item, findings);
    if (pattern !== undefined) trigger[keyword] = pattern;
  }
  return trigger;
}

function readPattern(spot: Spot, findings: Findings): string | undefined {
  const only = spot.tree.kind === 'list' && spot.tree.items.length === 1 ? spot.tree.items[0] : undefined;
  const single: Spot = only ? { tree: only, keyAt: spot.keyAt, path: `${spot.path}[0]` } : spot;
  if (single.tree.kind === 'list' && single.tree.items.length > 1) {
    findings.error(
      single.tree.at,
      single.path,
      `${single.path} is a list of patterns`,
      'Write one pattern; a|b finds either, (?=.*a)(?=.*b) finds both.',
    );
    return undefined;
  }
  const pattern = textOf(single, expected, findings);
  if (pattern === undefined) return undefined;
  const compiled = compilePattern(pattern);
  if ('wrong' in compiled) {
    findings.error(
      single.tree.at,
      single.path,
      `The pattern ${shown(pattern)} cannot be read: ${compiled.wrong}`,
      'Correct the pattern.',
    );
    return undefined;
  }
  if (compiled.pattern.kind === 'backtracking') {
    const what = `The pattern ${shown(pattern)} needs ${compiled.pattern.beyond.join(' and ')}: a search that takes longer than a second counts as no match`;
    findings.warn(single.tree.at, single.path, what, 'Write it without, where you can.');
  }
  if (pattern.startsWith('~')) {
    const what = `The pattern ${shown(pattern)} looks for a ~; it does not mean "not", as in DicomFlow 2`;
    findings.warn(single.tree.at, single.path, what, `Write ^(?!.*(${pattern.slice(1, 100)})) for "does not hold".`);
  }
  return pattern;
}

const shown = (pattern: string): string => JSON.stringify(pattern.length > 80 ? `${pattern.slice(0, 80)}...` : pattern);
