import {
  boolCoreTag,
  EVENT_ID,
  type Event,
  floatCoreTag,
  getScalarValue,
  intCoreTag,
  NOT_RESOLVED,
  nullCoreTag,
  SCALAR_STYLE,
} from 'js-yaml';
import type { Findings, Place } from './findings.ts';
import { parseLeniently, reportSyntax } from './yaml-syntax.ts';

/** YAML with the place of every node. Aliases point at the node they name, so a tree may share branches. */
export type Tree = ScalarTree | ListTree | MappingTree;
export interface ScalarTree {
  kind: 'scalar';
  at: Place;
  /** As written, quotes and escapes resolved: `1.10` stays `1.10`. */
  text: string;
  value: string | number | boolean | null;
}
export interface ListTree {
  kind: 'list';
  at: Place;
  items: Tree[];
}
export interface MappingTree {
  kind: 'mapping';
  at: Place;
  entries: Entry[];
}
export interface Entry {
  key: string;
  keyAt: Place;
  tree: Tree;
}

/** Far above any real flow; below what could hold the core up. */
const limits = { characters: 1_000_000, nodes: 20_000, expandedNodes: 50_000, aliases: 500, depth: 40 };

const start: Place = { line: 1, column: 1 };
const resolvers = [nullCoreTag, boolCoreTag, intCoreTag, floatCoreTag];
const explicitTags = new Map([...resolvers.map(tag => [tag.tagName, tag] as const)]);
const plainTags = new Set(['!', '!!str', '!!map', '!!seq']);

/** Reads the one document of a flow file. Never throws; null when there is nothing to go on with. */
export function readTree(text: string, file: string, findings: Findings): Tree | null {
  if (text.length > limits.characters) {
    const what = `The file has ${text.length} characters; ${limits.characters} are the most a flow file may have`;
    findings.error(start, '', what, 'Shorten the file.');
    return null;
  }
  // A byte order mark would shift every place by one.
  const whole = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const parsed = parseLeniently(whole, { filename: file, maxDepth: limits.depth }, findings);
  return parsed && build(parsed.events, parsed.source, findings);
}

/** Line and column of an offset; the events come in order, but aliases and keys look back. */
function places(source: string): (offset: number) => Place {
  const starts = [0];
  for (let i = source.indexOf('\n'); i >= 0; i = source.indexOf('\n', i + 1)) starts.push(i + 1);
  return offset => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}

class Refused extends Error {
  readonly at: Place;
  readonly remedy: string;
  constructor(at: Place, what: string, remedy: string) {
    super(what);
    this.at = at;
    this.remedy = remedy;
  }
}

function build(events: Event[], source: string, findings: Findings): Tree | null {
  try {
    const documents = events.filter(event => event.type === EVENT_ID.DOCUMENT).length;
    if (documents === 0) throw new Refused(start, 'The file is empty', 'Write a flow: triggers, models, destinations.');
    if (documents > 1) {
      const second = nodeOffset(events[events.findLastIndex(event => event.type === EVENT_ID.DOCUMENT) + 1]) ?? 0;
      throw new Refused(
        places(source)(second),
        'The file holds more than one YAML document',
        'Put each flow in its own file.',
      );
    }
    return createBuilder(events, source, findings).document();
  } catch (error) {
    if (error instanceof Refused) findings.error(error.at, '', error.message, error.remedy);
    else reportSyntax(error, source, findings);
    return null;
  }
}

function nodeOffset(event: Event | undefined): number | null {
  if (event === undefined || event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.POP) return null;
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart - 1;
  if (event.type !== EVENT_ID.SCALAR) return event.start;
  if (event.valueStart < 0) return null;
  const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
  return quoted ? event.valueStart - 1 : event.valueStart;
}

function createBuilder(events: Event[], source: string, findings: Findings) {
  const placeOf = places(source);
  const anchors = new Map<string, Tree>();
  /** Nodes that a walk through the tree would visit, aliases counted each time. */
  const weights = new Map<Tree, number>();
  let at = 0;
  let nodes = 0;
  let aliases = 0;
  let lastPlace: Place = start;

  const weigh = (tree: Tree, children: Tree[]) => {
    const weight = children.reduce((sum, child) => sum + (weights.get(child) ?? 1), 1);
    if (weight > limits.expandedNodes) {
      throw new Refused(
        tree.at,
        'Aliases expand to far too many values',
        'Write the values out instead of nesting aliases.',
      );
    }
    weights.set(tree, weight);
  };

  function scalar(event: Extract<Event, { type: typeof EVENT_ID.SCALAR }>, place: Place): ScalarTree {
    const text = event.valueStart < 0 ? '' : getScalarValue(source, event);
    const tag = event.tagStart < 0 ? '' : source.slice(event.tagStart, event.tagEnd);
    let value: ScalarTree['value'] = text;
    if (tag === '' && event.style === SCALAR_STYLE.PLAIN) {
      for (const resolver of resolvers) {
        const resolved = resolver.resolve(text, false, resolver.tagName);
        if (resolved === NOT_RESOLVED) continue;
        value = resolved;
        break;
      }
    } else if (tag !== '' && !plainTags.has(tag)) {
      const resolver = explicitTags.get(tag.replace(/^!!/, 'tag:yaml.org,2002:'));
      const resolved = resolver ? resolver.resolve(text, true, resolver.tagName) : NOT_RESOLVED;
      if (resolved === NOT_RESOLVED)
        throw new Refused(placeOf(event.tagStart), `The tag ${tag} has no meaning here`, `Remove ${tag}.`);
      value = resolved;
    }
    return { kind: 'scalar', at: place, text, value };
  }

  function checkCollectionTag(event: { tagStart: number; tagEnd: number }): void {
    const tag = event.tagStart < 0 ? '!' : source.slice(event.tagStart, event.tagEnd);
    if (!plainTags.has(tag))
      throw new Refused(placeOf(event.tagStart), `The tag ${tag} has no meaning here`, `Remove ${tag}.`);
  }

  function node(fallback: Place): Tree {
    const event = events[at++];
    const offset = nodeOffset(event);
    const place = offset === null ? fallback : placeOf(offset);
    lastPlace = place;
    if (++nodes > limits.nodes) throw new Refused(place, 'The file holds far too many values', 'Shorten the file.');
    if (event?.type === EVENT_ID.ALIAS) return alias(source.slice(event.anchorStart, event.anchorEnd), place);
    if (event?.type !== EVENT_ID.SCALAR && event?.type !== EVENT_ID.SEQUENCE && event?.type !== EVENT_ID.MAPPING) {
      throw new Refused(place, 'The file ends too early', 'Complete the last entry.');
    }
    let tree: Tree;
    if (event.type === EVENT_ID.SCALAR) {
      tree = scalar(event, place);
      weigh(tree, []);
    } else {
      checkCollectionTag(event);
      tree = event.type === EVENT_ID.SEQUENCE ? list(place) : mapping(place);
    }
    if (event.anchorStart >= 0) anchors.set(source.slice(event.anchorStart, event.anchorEnd), tree);
    return tree;
  }

  function alias(name: string, place: Place): Tree {
    if (++aliases > limits.aliases)
      throw new Refused(place, 'The file uses far too many aliases', 'Write the values out.');
    const tree = anchors.get(name);
    if (!tree)
      throw new Refused(
        place,
        `Nothing before this is anchored as &${name}`,
        `Anchor a value as &${name} first, or write it out.`,
      );
    return tree;
  }

  function list(place: Place): ListTree {
    const tree: ListTree = { kind: 'list', at: place, items: [] };
    while (events[at]?.type !== EVENT_ID.POP) tree.items.push(node(lastPlace));
    at++;
    weigh(tree, tree.items);
    return tree;
  }

  function mapping(place: Place): MappingTree {
    const tree: MappingTree = { kind: 'mapping', at: place, entries: [] };
    const merged: Tree[] = [];
    const seen = new Map<string, Place>();
    while (events[at]?.type !== EVENT_ID.POP) {
      const key = node(place);
      if (key.kind !== 'scalar') throw new Refused(key.at, 'A key must be plain text', 'Write the key as one word.');
      const value = node(key.at);
      if (key.text === '<<' && typeof key.value === 'string') {
        merged.push(value);
        continue;
      }
      const first = seen.get(key.text);
      if (first) {
        const what = `${key.text} is given twice (first on line ${first.line})`;
        findings.error(key.at, '', what, `Remove one of the two ${key.text}.`);
      } else tree.entries.push({ key: key.text, keyAt: key.at, tree: value });
      seen.set(key.text, seen.get(key.text) ?? key.at);
    }
    at++;
    for (const source of merged.flatMap(item => (item.kind === 'list' ? item.items : [item]))) {
      if (source.kind !== 'mapping')
        throw new Refused(source.at, '<< merges only mappings', 'Name an anchored mapping after <<.');
      for (const entry of source.entries) {
        if (tree.entries.length > limits.nodes)
          throw new Refused(place, 'Merges add far too many keys', 'Write the keys out.');
        if (!seen.has(entry.key)) tree.entries.push(entry);
        seen.set(entry.key, entry.keyAt);
      }
    }
    weigh(
      tree,
      tree.entries.map(entry => entry.tree),
    );
    return tree;
  }

  return {
    document(): Tree | null {
      at = 1;
      const tree = node(start);
      if (tree.kind === 'scalar' && tree.value === null) {
        throw new Refused(start, 'The file is empty', 'Write a flow: triggers, models, destinations.');
      }
      return tree;
    },
  };
}
