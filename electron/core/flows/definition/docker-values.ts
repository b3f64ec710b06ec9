import type { Findings } from './findings.ts';
import { shellWords } from './shell-words.ts';
import { describeTree, isEmpty, itemsOf, refuse, type Spot, textOf, wholeOf } from './spot.ts';

const units: Record<string, number> = { b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };
const expectedSize = 'a size such as 512m or 2g, or a number of bytes';

/** `1g`, `512m`, `64mb` or bytes, as docker-py's parse_bytes reads them. */
export function bytesOf(spot: Spot, min: number, findings: Findings): number | undefined {
  if (spot.tree.kind !== 'scalar' || typeof spot.tree.value === 'boolean') return refuse(spot, expectedSize, findings);
  const read = /^(-?\d+(?:\.\d+)?)\s*([bkmgt]?)b?$/i.exec(spot.tree.text.trim());
  if (!read) return refuse(spot, expectedSize, findings);
  const bytes = Math.trunc(Number(read[1]) * (units[(read[2] || 'b').toLowerCase()] ?? 1));
  if (!Number.isSafeInteger(bytes) || bytes < min) return refuse(spot, `a size of at least ${min} bytes`, findings);
  return bytes;
}

/** A command or entry point: text is split as a shell would, a list is taken as it is. */
export function commandOf(spot: Spot, findings: Findings): string[] | undefined {
  if (isEmpty(spot)) return undefined;
  if (spot.tree.kind === 'list') return textsOf(spot, findings);
  const text = textOf(spot, 'a command, or a list of its words', findings);
  if (text === undefined) return undefined;
  const split = shellWords(text);
  if ('words' in split) return split.words;
  const what = `${spot.path} cannot be split into words: ${split.wrong}`;
  findings.error(spot.tree.at, spot.path, what, 'Correct the quotes, or give the command as a list of words.');
  return undefined;
}

/** A list of texts; numbers and booleans as they are written. */
export function textsOf(spot: Spot, findings: Findings): string[] {
  const items = itemsOf(spot, 'a list of texts', findings) ?? [];
  return items.flatMap(item => textOf(item, 'text', findings) ?? []);
}

/** The variables of a mapping or of a list of `NAME=value`. A name without a value takes the image's value away. */
export function environmentOf(spot: Spot, findings: Findings): string[] {
  const variables: string[] = [];
  const add = (name: string, value: string | null, at: Spot) => {
    if (!/^[^=\0\s]+$/.test(name)) {
      const what = `${JSON.stringify(name)} cannot be the name of a variable`;
      findings.error(at.keyAt, at.path, what, 'Give a name without blanks and without =.');
    } else if (name === 'NVIDIA_VISIBLE_DEVICES') {
      const what = `${name} is left out: Gantry gives a container the GPU of its run`;
      findings.warn(at.keyAt, at.path, what, `Remove ${name} and use gpu: true.`);
    } else variables.push(value === null ? name : `${name}=${value}`);
  };
  for (const { key, item, text, bare } of pairsOf(spot, findings)) {
    if (item.tree.kind === 'scalar' && typeof item.tree.value === 'boolean') {
      const what = `${key} is passed as it is written, ${item.tree.text}; DicomFlow passes True or False`;
      findings.warn(item.tree.at, item.path, what, `Put the value in quotes: ${key}: "${item.tree.text}".`);
    }
    add(key, bare ? null : text, item);
  }
  return variables;
}

/** Labels as a mapping, or as a list of names and `name=value`. */
export function labelsOf(spot: Spot, findings: Findings): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const { key, item, text } of pairsOf(spot, findings)) {
    if (/^(io\.gantry|com\.docker)(\.|$)/i.test(key)) {
      const what = `The label ${key} is not for flows: by labels such as this, containers are found and removed`;
      findings.error(item.keyAt, item.path, what, `Choose a label that does not begin with io.gantry or com.docker.`);
    } else if (key === '') refuse(item, 'a label name', findings);
    else Object.defineProperty(labels, key, { value: text, enumerable: true, writable: true, configurable: true });
  }
  return labels;
}

interface Pair {
  key: string;
  text: string;
  /** A name without a value. */
  bare: boolean;
  item: Spot;
}

function pairsOf(spot: Spot, findings: Findings): Pair[] {
  if (isEmpty(spot)) return [];
  if (spot.tree.kind === 'mapping') {
    return spot.tree.entries.flatMap(({ key, keyAt, tree }): Pair[] => {
      const item = { tree, keyAt, path: `${spot.path}.${key}` };
      if (isEmpty(item)) return [{ key, text: '', bare: true, item }];
      const text = textOf(item, 'text or a number', findings);
      return text === undefined ? [] : [{ key, text, bare: false, item }];
    });
  }
  if (spot.tree.kind !== 'list') {
    refuse(spot, 'a mapping, or a list of NAME=value', findings);
    return [];
  }
  return (itemsOf(spot, 'a list', findings) ?? []).flatMap((item): Pair[] => {
    const pair = textOf(item, 'NAME=value', findings);
    if (pair === undefined) return [];
    const split = pair.indexOf('=');
    const key = split < 0 ? pair : pair.slice(0, split);
    return [{ key, text: split < 0 ? '' : pair.slice(split + 1), bare: split < 0, item }];
  });
}

/** Throttles of a block device: `- {Path: /dev/sda, Rate: 1048576}`. */
export function throttlesOf(spot: Spot, findings: Findings): { Path: string; Rate: number }[] {
  return (itemsOf(spot, 'a list of {Path, Rate}', findings) ?? []).flatMap(item => {
    const entries = item.tree.kind === 'mapping' ? item.tree.entries : [];
    const part = (name: string): Spot | null => {
      const entry = entries.find(found => found.key.toLowerCase() === name);
      return entry ? { tree: entry.tree, keyAt: entry.keyAt, path: `${item.path}.${entry.key}` } : null;
    };
    const [path, rate] = [part('path'), part('rate')];
    if (!path || !rate || entries.length !== 2) {
      refuse(item, 'a mapping of Path and Rate', findings);
      return [];
    }
    const device = textOf(path, 'a device such as /dev/sda', findings);
    const perSecond = wholeOf(rate, { min: 1, max: Number.MAX_SAFE_INTEGER, what: 'a whole number above 0' }, findings);
    if (device !== undefined && !/^\/dev\/[\w/.-]+$/.test(device)) refuse(path, 'a device such as /dev/sda', findings);
    return device === undefined || perSecond === undefined ? [] : [{ Path: device, Rate: perSecond }];
  });
}

/** Character devices that Docker gives to every container: null, zero, full, random, urandom, tty, console, ptmx, pts. */
const everyContainer = new Set(['1:3', '1:5', '1:7', '1:8', '1:9', '5:0', '5:1', '5:2']);

/**
 * Rules of the device cgroup. A container's root may make device nodes, so a rule opens the host's device itself, disk
 * or GPU: only what every container may use anyway is let through.
 */
export function deviceRulesOf(spot: Spot, findings: Findings): string[] {
  return textsOf(spot, findings).filter((rule, index) => {
    const read = /^([acb]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/.exec(rule);
    const item = spot.tree.kind === 'list' ? spot.tree.items[index] : undefined;
    const at = item?.at ?? spot.tree.at;
    const path = `${spot.path}[${index}]`;
    if (!read) {
      const what = `${path} is ${item ? describeTree(item) : 'nothing'}, not a rule such as "c 1:3 rw"`;
      findings.error(at, path, what, 'Write type, major:minor and access.');
      return false;
    }
    const [, type, major, minor, access] = read;
    if (access === 'm' || (type === 'c' && (everyContainer.has(`${major}:${minor}`) || major === '136'))) return true;
    const what = `${path} would open device ${type} ${major}:${minor} of the host to the container`;
    findings.error(at, path, what, 'Remove the rule; a GPU is given by gpu: true.');
    return false;
  });
}
