import type { LogSource } from '../../../shared/schemas/logs.ts';
import { shortUid } from '../../ui/format.ts';
import { words } from '../../words/words.ts';

/** A hue for each source, always the same one, far from its neighbours. */
export function hueOf(key: string): number {
  let hash = 2166136261;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 16777619);
  return ((hash >>> 0) % 24) * 15;
}

/** `run 7 step 1` also where the list of sources has not come yet. */
export function nameOf(key: string, known: ReadonlyMap<string, LogSource>): string {
  const name = known.get(key)?.name;
  if (name) return name;
  const [kind = '', id = '', step] = key.split('/');
  if (kind === 'run' && id) return `run ${id}${step === undefined ? '' : ` step ${Number(step) + 1}`}`;
  if (kind === 'container' && id) return id.slice(0, 12);
  if (kind === 'core') return id;
  if (kind === 'study') return `study ${shortUid(id)}`;
  return [kind, id].filter(Boolean).join(' ');
}

/** The page a source belongs to, and its name. */
export function pageOf(key: string): { href: string; name: string } | null {
  const run = /^(?:run|delivery)\/(\d+)/.exec(key)?.[1];
  if (run) return { href: `/runs/${run}`, name: `${words.log.openRun} ${run}` };
  const study = /^study\/(.+)/.exec(key)?.[1];
  return study ? { href: `/studies/${study}`, name: words.log.openStudy } : null;
}
