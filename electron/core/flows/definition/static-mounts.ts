import { posix } from 'node:path';
import type { Model } from '../../../../shared/schemas/flows.ts';
import type { Findings } from './findings.ts';
import { entriesOf, isEmpty, itemsOf, oneOrMore, refuse, type Spot, textOf } from './spot.ts';

type StaticMount = Model['staticMounts'][number];
const expected = 'a tar of DATA/static and a folder in the container, such as "Model1:/model"';

/** `static_mounts` as a list of "Name:/folder", or as the mapping of DicomFlow 2. */
export function staticMountsOf(spot: Spot, findings: Findings): StaticMount[] {
  if (isEmpty(spot)) return [];
  if (spot.tree.kind === 'mapping') {
    return [...(entriesOf(spot, expected, findings) ?? [])].flatMap(([name, item]) => {
      const target = textOf(item, 'a folder in the container', findings);
      return target === undefined ? [] : mount(name, target, item, findings);
    });
  }
  return (itemsOf(spot, `a list of ${expected}`, findings) ?? []).flatMap(item => parse(item, findings));
}

/** The alias `static_mount` of DicomFlow's full example: one text, or a list. */
export function staticMountOf(spot: Spot, findings: Findings): StaticMount[] {
  return oneOrMore(spot).flatMap(item => parse(item, findings));
}

function parse(spot: Spot, findings: Findings): StaticMount[] {
  const text = textOf(spot, expected, findings);
  if (text === undefined) return [];
  const mode = /:(ro|rw)$/i.exec(text);
  const pair = mode ? text.slice(0, mode.index) : text;
  const split = pair.lastIndexOf(':/');
  if (split < 1) return refuse(spot, expected, findings) ?? [];
  if (mode) {
    const what = `:${mode[1]} has no effect: each container gets its own copy of a static mount`;
    findings.warn(spot.tree.at, spot.path, what, `Remove :${mode[1]}.`);
  }
  return mount(pair.slice(0, split), pair.slice(split + 1), spot, findings);
}

function mount(source: string, target: string, spot: Spot, findings: Findings): StaticMount[] {
  const base = source.replace(/[\\/]+$/, '').replace(/^.*[\\/]/, '');
  const name = base.replace(/\.tar$/i, '');
  if (!/^[\p{L}\p{N}_][\p{L}\p{N}_.+ -]{0,127}$/u.test(name)) return refuse(spot, expected, findings) ?? [];
  if (base !== source) {
    const what = `${source} is a path; the tar read is static/${name}.tar of the data directory`;
    findings.warn(
      spot.tree.at,
      spot.path,
      what,
      `Put ${name}.tar into static/ of the data directory, and write ${name}.`,
    );
  }
  const folder = folderInContainer(target);
  if (folder !== null) return [{ name, target: folder }];
  const what = `${spot.path} unpacks to ${target}, which is not a folder of its own in the container`;
  findings.error(spot.tree.at, spot.path, what, 'Give an absolute folder such as /model.');
  return [];
}

/** A folder in a container, without a slash at its end; null for a relative one, the root and the kernel's folders. */
export function folderInContainer(path: string): string | null {
  if (!path.startsWith('/') || path.includes('\0') || path.length > 1024) return null;
  const folder = posix.normalize(path).replace(/\/+$/, '').replace(/^\/+/, '/');
  return folder === '' || /^\/(proc|sys|dev)(\/|$)/.test(folder) ? null : folder;
}
