import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';

export type Path = readonly (string | number)[];

/** A flow's YAML with its comments and places. What the core's reader forgives is no error here either. */
export function readDocument(text: string): { document: Document; broken: boolean } {
  const document = parseDocument(text, { schema: 'core', merge: true, keepSourceTokens: false, prettyErrors: false });
  document.errors = document.errors.filter(error => !error.message.startsWith('Comments must be separated'));
  return { document, broken: document.errors.length > 0 || (document.contents !== null && !isMap(document.contents)) };
}

/** The node at a path; an alias on the way stands for what it names. */
export function nodeAt(document: Document, path: Path): Node | null {
  let node = resolved(document, document.contents);
  for (const key of path) {
    if (isMap(node)) node = resolved(document, pairOf(node, String(key))?.value);
    else if (isSeq(node)) node = resolved(document, node.items[Number(key)]);
    else return null;
  }
  return node;
}

export const pairOf = (map: YAMLMap, key: string) => map.items.find(pair => keyText(pair.key) === key);
export const keyText = (key: unknown): string => (isScalar(key) ? (key.source ?? String(key.value)) : String(key));

function resolved(document: Document, node: unknown): Node | null {
  const found = isAlias(node) ? node.resolve(document) : node;
  return (found ?? null) as Node | null;
}

/** A scalar as it is written (`1.10` keeps its zero); null where there is none or no scalar. */
export function textAt(document: Document, path: Path): string | null {
  const node = nodeAt(document, path);
  if (!isScalar(node) || node.value === null) return null;
  return node.source !== undefined && node.type === 'PLAIN' ? node.source : String(node.value);
}

/** The items of a list, or the one value that stands for a list of one. */
export function textsAt(document: Document, path: Path): string[] {
  const node = nodeAt(document, path);
  if (!isSeq(node)) return [textAt(document, path)].filter(text => text !== null);
  return node.items.map((_, index) => textAt(document, [...path, index]) ?? '');
}

/** Keys of a mapping in the order of the file. */
export function keysAt(document: Document, path: Path): string[] {
  const node = nodeAt(document, path);
  return isMap(node) ? node.items.map(pair => keyText(pair.key)) : [];
}

export function lengthAt(document: Document, path: Path): number {
  const node = nodeAt(document, path);
  return isSeq(node) ? node.items.length : 0;
}

/** Where a node stands in the text, for the editor to go to. */
export function placeAt(document: Document, path: Path): number | null {
  return nodeAt(document, path)?.range?.[0] ?? null;
}

export type Collection = YAMLMap | YAMLSeq;
