import { type Document, isCollection, isMap, isScalar, isSeq, type Node, Scalar, stringify, type YAMLMap } from 'yaml';
import type { Change } from './edit.ts';
import { keyText, nodeAt, type Path, pairOf } from './flow-document.ts';

const options = { lineWidth: 0, flowCollectionPadding: false } as const;
/** New keys of these go to the head of a flow, not behind its destinations. */
const headKeys = ['name', 'version', 'description', 'enabled', 'priority', 'collect', 'quiet'];

/**
 * The text with only the place of the change written anew, or null where this way knows no answer. It need not be right:
 * whoever asks compares what it means with what is wanted.
 */
export function narrowly(text: string, document: Document, change: Change): string | null {
  if (change.kind === 'append') return appended(text, document, change.path, change.value);
  if (change.kind === 'remove') return removed(text, document, change.path);
  if (change.kind === 'rename') {
    const map = nodeAt(document, change.path.slice(0, -1));
    const key = isMap(map) ? pairOf(map, String(change.path.at(-1)))?.key : null;
    const range = isScalar(key) ? key.range : null;
    return range ? put(text, range[0], range[1], inline(change.to)) : null;
  }
  const old = nodeAt(document, change.path);
  return old ? replaced(text, old, change.value) : inserted(text, document, change.path, change.value);
}

const put = (text: string, from: number, to: number, by: string) => text.slice(0, from) + by + text.slice(to);
const lineStart = (text: string, at: number) => text.lastIndexOf('\n', at - 1) + 1;
const lineEnd = (text: string, at: number) => {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
};
const column = (text: string, at: number) => at - lineStart(text, at);
const indented = (block: string, by: number) => block.replaceAll('\n', `\n${' '.repeat(by)}`);

/** A value on one line. */
function inline(value: unknown, like?: Scalar): string {
  if (value !== null && typeof value === 'object') return JSON.stringify(value);
  const scalar = new Scalar(value);
  if (like?.type === 'QUOTE_DOUBLE' || like?.type === 'QUOTE_SINGLE') scalar.type = like.type;
  return stringify(scalar, options).trimEnd();
}

/** A value as a block of lines, the first without indentation. */
const block = (value: unknown) => stringify(value, options).trimEnd();

/** Behind the last sign of a node that is not blank or comment. */
function endOf(node: Node): number {
  const range = node.range ?? [0, 0, 0];
  if (!isCollection(node) || node.flow || node.items.length === 0) return range[1];
  const last: unknown = node.items.at(-1);
  const inner = isMap(node)
    ? ((last as { value: unknown; key: unknown }).value ?? (last as { key: unknown }).key)
    : last;
  return inner && typeof inner === 'object' && 'range' in inner ? endOf(inner as Node) : range[1];
}

/** The end of the line on which a node ends: a comment behind it belongs to it. */
function lastLine(text: string, node: Node): number {
  const end = endOf(node);
  return text[end - 1] === '\n' ? end - 1 : lineEnd(text, end);
}

function replaced(text: string, old: Node, value: unknown): string | null {
  const [from, to] = old.range ?? [0, 0];
  if (isScalar(old)) {
    if (old.type === 'BLOCK_FOLDED' || old.type === 'BLOCK_LITERAL') return null;
    const by = inline(value, old);
    return by.includes('\n') ? null : put(text, from, to, from === to ? ` ${by}` : by);
  }
  if (isCollection(old) && old.flow) return put(text, from, to, inline(value));
  return put(text, from, endOf(old), indented(block(value), column(text, from)));
}

function inserted(text: string, document: Document, path: Path, value: unknown): string | null {
  const map = nodeAt(document, path.slice(0, -1));
  if (!isMap(map) || map.flow || map.items.length === 0) return null;
  const key = String(path.at(-1));
  const first = map.items[0]?.key;
  if (!isScalar(first) || !first.range) return null;
  const entry = block({ [key]: value });
  const indent = column(text, first.range[0]);
  const after = path.length === 1 && headKeys.includes(key) ? lastHead(map) : map;
  if (after === null) return put(text, first.range[0], first.range[0], `${entry}\n`);
  const at = lastLine(text, after);
  return put(text, at, at, `\n${' '.repeat(indent)}${indented(entry, indent)}`);
}

function lastHead(root: YAMLMap): Node | null {
  const pair = root.items.filter(item => headKeys.includes(keyText(item.key))).at(-1);
  return (pair?.value ?? null) as Node | null;
}

function removed(text: string, document: Document, path: Path): string | null {
  const parent = nodeAt(document, path.slice(0, -1));
  if (!isCollection(parent) || parent.flow || parent.items.length < 2) return null;
  const last = path.at(-1);
  if (isSeq(parent)) {
    const item = parent.items[Number(last)] as Node | undefined;
    if (!item?.range) return null;
    const dash = text.lastIndexOf('-', item.range[0]);
    return cut(text, lineStart(text, dash), lastLine(text, item));
  }
  const at = (parent as YAMLMap).items.findIndex(item => keyText(item.key) === last);
  const pair = (parent as YAMLMap).items[at];
  if (!pair || !isScalar(pair.key) || !pair.key.range) return null;
  const from = pair.key.range[0];
  const to = lastLine(text, (pair.value as Node | null)?.range ? (pair.value as Node) : pair.key);
  if (text.slice(lineStart(text, from), from).trim() === '') return cut(text, lineStart(text, from), to);
  // The first key of a list item stands behind its dash: the next key takes its place.
  const next = (parent as YAMLMap).items[at + 1]?.key;
  return isScalar(next) && next.range ? put(text, from, next.range[0], '') : null;
}

const cut = (text: string, from: number, to: number) => put(text, from, Math.min(to + 1, text.length), '');

function appended(text: string, document: Document, path: Path, value: unknown): string | null {
  const list = nodeAt(document, path);
  if (list === null) return inserted(text, document, path, [value]);
  const item = (indent: number) => `\n${' '.repeat(indent)}- ${indented(block(value), indent + 2)}`;
  const [from, to] = list.range ?? [0, 0];
  if (isSeq(list) && !list.flow && list.items.length > 0) {
    const at = lastLine(text, list);
    return put(text, at, at, item(column(text, from)));
  }
  const empty = isSeq(list) ? list.items.length === 0 : isScalar(list) && list.value === null;
  if (!empty) return null;
  const keyColumn = /^ */.exec(text.slice(lineStart(text, from)))?.[0].length ?? 0;
  // A comment behind `[]` stays on the line of its key.
  const line = lineEnd(text, to);
  return `${text.slice(0, from).trimEnd()}${text.slice(to, line)}${item(keyColumn + 2)}${text.slice(line)}`;
}
