import type { FlowKeys } from '../../../../shared/schemas/flows.ts';

/** What can be offered; lists that are not known yet are empty. */
export interface Known {
  keys: FlowKeys | undefined;
  /** Null when there is no engine to ask. */
  images: string[] | null;
  peers: string[];
}

/** The part of CodeMirror's completion context that is asked. */
interface Context {
  pos: number;
  explicit: boolean;
  state: { doc: { toString(): string } };
}
interface Offer {
  label: string;
  type: 'property' | 'enum';
  apply?: string;
}

const values: Record<string, string[]> = {
  collect: ['association', 'series', 'study'],
  network: ['none', 'bridge'],
  enabled: ['true', 'false'],
  gpu: ['true', 'false'],
  pull_before_exec: ['true', 'false'],
  priority: ['0', '1', '2', '3', '4', '5'],
};
const destinationKeys = ['host', 'port', 'ae_title', 'peer', 'folder'];

/** Keys and values that mean something at the cursor. */
export function completionsOf(known: () => Known) {
  return ({ pos, explicit, state }: Context): { from: number; options: Offer[] } | null => {
    const before = state.doc.toString().slice(0, pos);
    const found = offersAt(before, known());
    if (!found || found.options.length === 0 || (!explicit && found.from === pos && found.quiet)) return null;
    return { from: found.from, options: found.options };
  };
}

export function offersAt(before: string, known: Known): { from: number; options: Offer[]; quiet: boolean } | null {
  const lines = before.split('\n');
  const line = lines.at(-1) ?? '';
  if (/(^|\s)#/.test(line)) return null;
  const value = /^\s*(?:- )*([\w-]+):\s+(.*)$/.exec(line);
  if (value) {
    const [, key = '', typed = ''] = value;
    const options = valuesOf(key, known).map((label): Offer => ({ label, type: 'enum' }));
    return { from: before.length - typed.length, options, quiet: false };
  }
  const key = /^(\s*(?:- )*)([\w-]*)$/.exec(line);
  if (!key) return null;
  const [, lead = '', typed = ''] = key;
  const options = keysIn(parentsOf(lines, lead.length), known).map(
    (label): Offer => ({ label, type: 'property', apply: `${label}: ` }),
  );
  return { from: before.length - typed.length, options, quiet: true };
}

function valuesOf(key: string, known: Known): string[] {
  if (key === 'image') return known.images ?? [];
  if (key === 'peer') return known.peers;
  return values[key] ?? [];
}

function keysIn(parents: string[], { keys }: Known): string[] {
  if (parents.length === 0) return keys?.flow ?? [];
  if (parents.at(-1) === 'docker_kwargs') return keys?.dockerKwargs ?? [];
  if (parents.length > 1) return [];
  if (parents[0] === 'triggers') return keys?.keywords ?? [];
  if (parents[0] === 'models') return keys?.model ?? [];
  return parents[0] === 'destinations' ? destinationKeys : [];
}

/** The keys above the cursor that it stands under, by indentation alone: half-written YAML has no tree. */
function parentsOf(lines: string[], indent: number): string[] {
  const parents: string[] = [];
  let most = indent;
  for (let at = lines.length - 2; at >= 0 && most > 0; at--) {
    const found = /^(\s*(?:- )*)([\w-]+):/.exec(lines[at] ?? '');
    if (!found) continue;
    const [, lead = '', key = ''] = found;
    // A list may begin at the column of its key, so a dash counts as deeper than its column.
    if (lead.length >= most) continue;
    parents.unshift(key);
    most = lead.includes('-') ? lead.indexOf('-') + 1 : lead.length;
    if (lead.includes('-') && lead.indexOf('-') === 0) most = 1;
  }
  return parents;
}
