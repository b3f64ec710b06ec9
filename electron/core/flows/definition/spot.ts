import { didYouMean } from './did-you-mean.ts';
import type { Findings, Place } from './findings.ts';
import type { ScalarTree, Tree } from './yaml-tree.ts';

/** One value of the file with its path, e.g. `models[0].timeout`. */
export interface Spot {
  tree: Tree;
  path: string;
  /** Of the key, where there is one. */
  keyAt: Place;
}

/** The entries of a mapping by key. */
export type Entries = Map<string, Spot>;

export const describeTree = (tree: Tree): string => {
  if (tree.kind === 'list') return 'a list';
  if (tree.kind === 'mapping') return 'a mapping';
  if (tree.value === null) return 'empty';
  return tree.text.length > 40 ? `${JSON.stringify(tree.text.slice(0, 40))}...` : JSON.stringify(tree.text);
};

const nameOf = (spot: Spot) => spot.path || 'The file';

/** Reports that a value is not what it must be. @param expected e.g. `a whole number from 0 to 5` */
export function refuse(spot: Spot, expected: string, findings: Findings): undefined {
  const what = `${nameOf(spot)} is ${describeTree(spot.tree)}, not ${expected}`;
  findings.error(spot.tree.at, spot.path, what, `Give ${spot.path || 'the file'} ${expected}.`);
  return undefined;
}

/** True for a key without a value (`destinations:`), which means the default. */
export const isEmpty = (spot: Spot): boolean => spot.tree.kind === 'scalar' && spot.tree.value === null;

export function entriesOf(spot: Spot, expected: string, findings: Findings): Entries | undefined {
  if (spot.tree.kind !== 'mapping') return refuse(spot, expected, findings);
  const prefix = spot.path ? `${spot.path}.` : '';
  return new Map(spot.tree.entries.map(({ key, keyAt, tree }) => [key, { tree, keyAt, path: `${prefix}${key}` }]));
}

export function itemsOf(spot: Spot, expected: string, findings: Findings): Spot[] | undefined {
  if (spot.tree.kind !== 'list') return refuse(spot, expected, findings);
  return spot.tree.items.map((tree, index) => ({ tree, keyAt: tree.at, path: `${spot.path}[${index}]` }));
}

/** One value or a list of them. */
export function oneOrMore(spot: Spot): Spot[] {
  if (spot.tree.kind !== 'list') return isEmpty(spot) ? [] : [spot];
  return spot.tree.items.map((tree, index) => ({ tree, keyAt: tree.at, path: `${spot.path}[${index}]` }));
}

/** The text as written: numbers and booleans keep their spelling (`1.10`, `True`). */
export function textOf(spot: Spot, expected: string, findings: Findings): string | undefined {
  if (spot.tree.kind !== 'scalar' || spot.tree.value === null) return refuse(spot, expected, findings);
  if (spot.tree.text.includes('\0')) return refuse(spot, `${expected} without NUL characters`, findings);
  return spot.tree.text;
}

const numberOf = (tree: ScalarTree): number =>
  typeof tree.value === 'number' ? tree.value : /^\s*[-+]?\d+\s*$/.test(tree.text) ? Number(tree.text) : Number.NaN;

export function wholeOf(
  spot: Spot,
  range: { min: number; max: number; what?: string },
  findings: Findings,
): number | undefined {
  const expected = range.what ?? `a whole number from ${range.min} to ${range.max}`;
  if (spot.tree.kind !== 'scalar' || typeof spot.tree.value === 'boolean') return refuse(spot, expected, findings);
  const value = numberOf(spot.tree);
  if (!Number.isInteger(value) || value < range.min || value > range.max) return refuse(spot, expected, findings);
  return value;
}

const words = new Map([
  ...['true', 'yes', 'on', '1'].map(word => [word, true] as const),
  ...['false', 'no', 'off', '0'].map(word => [word, false] as const),
]);

/** The words that are booleans in DicomFlow's YAML 1.1: true, yes, on and their opposites. */
export const booleanIn = (tree: Tree): boolean | undefined =>
  tree.kind === 'scalar' ? words.get(tree.text.trim().toLowerCase()) : undefined;

export function booleanOf(spot: Spot, findings: Findings): boolean | undefined {
  return booleanIn(spot.tree) ?? refuse(spot, 'true or false', findings);
}

/** Reports keys nobody reads: a likely slip is an error, for a trigger that is misspelt would match everything. */
export function checkKeys(
  entries: Entries,
  known: readonly string[],
  findings: Findings,
  elsewhere: (key: string) => { what: string; remedy: string } | null = () => null,
): void {
  for (const [key, spot] of entries) {
    if (known.includes(key) || key.startsWith('x-')) continue;
    const other = elsewhere(key);
    const meant = didYouMean(
      key,
      known.filter(word => !entries.has(word)),
    );
    if (other) findings.error(spot.keyAt, spot.path, other.what, other.remedy);
    else if (meant)
      findings.error(
        spot.keyAt,
        spot.path,
        `${key} means nothing here; ${meant} does`,
        `Write ${meant} instead of ${key}.`,
      );
    else
      findings.warn(
        spot.keyAt,
        spot.path,
        `${key} means nothing to Gantry and is ignored`,
        `Remove ${key}, or correct its name.`,
      );
  }
}
