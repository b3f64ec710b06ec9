import type { Document } from 'yaml';
import { keysAt, lengthAt, nodeAt, type Path, textAt, textsAt } from './flow-document.ts';

/** What of a flow is drawn. */
export interface Shape {
  settings: { name: string; collect: string; quiet: string | null; priority: string; enabled: boolean };
  senderPorts: string[];
  triggers: { keyword: string; pattern: string }[][];
  models: { name: string; image: string; facts: string[] }[];
  destinations: { kind: 'peer' | 'folder' | 'dicom'; text: string }[];
}

const off = ['false', 'no', 'off', '0'];
export const isOff = (text: string | null) => off.includes(text?.toLowerCase() ?? '');

/** Reads what is drawn out of a flow's YAML; what is not as it should be is left blank, for the core says what is wrong. */
export function shapeOf(document: Document): Shape {
  const text = (...path: Path) => textAt(document, path);
  const each = <T>(key: string, read: (path: Path) => T): T[] =>
    Array.from({ length: lengthAt(document, [key]) }, (_, index) => read([key, index]));
  return {
    settings: {
      name: text('name') ?? '',
      collect: text('collect') ?? 'association',
      quiet: text('quiet'),
      priority: text('priority') ?? '0',
      enabled: !isOff(text('enabled')),
    },
    senderPorts: [
      ...textsAt(document, ['return_to_sender_on_port']),
      ...textsAt(document, ['return_to_sender_on_ports']),
    ],
    triggers: each('triggers', path =>
      keysAt(document, path).map(keyword => ({ keyword, pattern: textsAt(document, [...path, keyword])[0] ?? '' })),
    ),
    models: each('models', path => modelOf(document, path)),
    destinations: each('destinations', path => destinationOf(document, path)),
  };
}

function modelOf(document: Document, path: Path): Shape['models'][number] {
  const text = (...rest: Path) => textAt(document, [...path, ...rest]);
  const image = text('docker_kwargs', 'image') ?? '';
  const gpu = text('gpu');
  const [timeout, network] = [text('timeout'), text('network')];
  const facts = [gpu !== null && !isOff(gpu) ? 'gpu' : null, timeout, network === 'bridge' ? 'network' : null];
  return { name: text('name') ?? '', image, facts: facts.filter(fact => fact !== null) };
}

function destinationOf(document: Document, path: Path): Shape['destinations'][number] {
  const text = (...rest: Path) => textAt(document, [...path, ...rest]);
  const keys = keysAt(document, path);
  if (keys.includes('folder')) return { kind: 'folder', text: text('folder') ?? '' };
  if (keys.includes('peer') || keys.length === 0) return { kind: 'peer', text: text('peer') ?? text() ?? '' };
  return { kind: 'dicom', text: `${text('ae_title') ?? '?'} @ ${text('host') ?? '?'}:${text('port') ?? '?'}` };
}

/** What a node of the drawing stands for. */
export type Chosen = { kind: 'flow' } | { kind: 'trigger' | 'model' | 'destination'; index: number };

export function chosenOf(id: string | null): Chosen | null {
  if (id === 'flow' || id === 'sender') return { kind: 'flow' };
  const [kind, index] = (id ?? '').split('-');
  if (kind !== 'trigger' && kind !== 'model' && kind !== 'destination') return null;
  return { kind, index: Number(index) };
}

export const pathOf = (chosen: Chosen): Path => (chosen.kind === 'flow' ? [] : [`${chosen.kind}s`, chosen.index]);

export const isThere = (document: Document, chosen: Chosen): boolean =>
  chosen.kind === 'flow' || chosen.index < lengthAt(document, [`${chosen.kind}s`]);

/** `models[0].docker_kwargs.image`, as the core writes paths in its problems. */
export const pathText = (path: Path): string =>
  path.map((key, at) => (typeof key === 'number' ? `[${key}]` : at === 0 ? key : `.${key}`)).join('');

/** Whether it is written in the flow, and not by an anchor. */
export const isWritten = (document: Document, path: Path) => nodeAt(document, path) !== null;
