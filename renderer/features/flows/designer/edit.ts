import { type Document, isCollection, isMap, isScalar, isSeq, type Node, Scalar, type YAMLMap } from 'yaml';
import { keyText, nodeAt, type Path, pairOf, readDocument } from './flow-document.ts';
import * as splice from './splice.ts';

/** One change of the drawing or the inspector to the YAML. */
export type Change =
  | { kind: 'set'; path: Path; value: unknown }
  | { kind: 'remove'; path: Path }
  /** At the end of a list, which is made where there is none. */
  | { kind: 'append'; path: Path; value: unknown }
  | { kind: 'rename'; path: Path; to: string };

/**
 * The text with one change made. Where it can, only the place of the change is written anew, so that comments, order,
 * blank lines and quotes elsewhere stay byte by byte; what that gives is compared with the same change made to the
 * document, and where the two differ the document is written as a whole, which keeps comments and order.
 *
 * @returns null where the text cannot be changed from outside: it is broken, or the place comes from an anchor
 */
export function edited(text: string, change: Change): string | null {
  const { document: before, broken } = readDocument(text);
  if (broken) return null;
  const { document } = readDocument(text);
  try {
    apply(document, change);
  } catch {
    return null;
  }
  const wanted = meaning(document);
  const narrow = splice.narrowly(text, before, change);
  if (narrow !== null) {
    const { document: read, broken: wrong } = readDocument(narrow);
    if (!wrong && meaning(read) === wanted) return narrow;
  }
  document.errors = [];
  const whole = document.toString({ lineWidth: 0, flowCollectionPadding: false });
  return meaning(readDocument(whole).document) === wanted ? whole : null;
}

/** What a document says, whatever the order of its keys. */
function meaning(document: Document): string {
  return JSON.stringify(document.toJS() ?? {}, (_, value) =>
    value && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

function apply(document: Document, change: Change): void {
  const path = [...change.path];
  if (document.contents === null) document.contents = document.createNode({}) as unknown as typeof document.contents;
  if (change.kind === 'remove') {
    if (!document.deleteIn(path)) throw new Error('nothing to remove');
  } else if (change.kind === 'append') {
    const list = nodeAt(document, path);
    if (isSeq(list)) {
      if (list.items.length === 0) list.flow = false;
      list.add(document.createNode(change.value));
    } else if (list === null || (isScalar(list) && list.value === null))
      document.setIn(path, document.createNode([change.value]));
    else throw new Error('no list');
  } else if (change.kind === 'rename') {
    const map = nodeAt(document, path.slice(0, -1));
    const pair = isMap(map) ? pairOf(map, String(path.at(-1))) : undefined;
    if (!pair || (isMap(map) && pairOf(map, change.to))) throw new Error('no key to rename');
    pair.key = new Scalar(change.to);
  } else set(document, path, change.value);
}

/** A path is made where it is missing; an empty value on the way (`docker_kwargs:`) becomes a mapping. */
function set(document: Document, path: (string | number)[], value: unknown): void {
  for (let depth = 1; depth < path.length; depth++) {
    const node = nodeAt(document, path.slice(0, depth));
    if (isScalar(node) && node.value === null) document.setIn(path.slice(0, depth), document.createNode({}));
  }
  const last = path.at(-1);
  const parent = document.getIn(path.slice(0, -1), true) as Node | undefined;
  // Keys are compared as they are written: the number 1 as a key is the text 1 here.
  const pair = isMap(parent) ? (parent as YAMLMap).items.find(item => keyText(item.key) === String(last)) : undefined;
  if (pair) {
    if (isScalar(pair.value) && !isCollection(value) && (value === null || typeof value !== 'object'))
      pair.value.value = value;
    else pair.value = document.createNode(value);
  } else document.setIn(path, document.createNode(value));
}

/** The text with nothing to deliver to; all else of it stays. */
export function withheld(text: string): string | null {
  let next: string | null = text;
  for (const key of ['destinations', 'return_to_sender_on_port', 'return_to_sender_on_ports']) {
    if (next !== null && nodeAt(readDocument(next).document, [key]) !== null)
      next = edited(next, { kind: 'set', path: [key], value: [] });
  }
  return next;
}
