import { aeTitle as aeTitleSchema } from '../../../../shared/schemas/common.ts';
import type { Destination } from '../../../../shared/schemas/flows.ts';
import { peerNameSchema } from '../../../../shared/schemas/peers.ts';
import type { Findings } from './findings.ts';
import {
  checkKeys,
  type Entries,
  entriesOf,
  isEmpty,
  itemsOf,
  oneOrMore,
  refuse,
  type Spot,
  textOf,
  wholeOf,
} from './spot.ts';

const shapes = 'a peer name, or a mapping of host, port and ae_title, of peer, or of folder';
const mostDestinations = 100;
const portRange = { min: 1, max: 65535 };

/** `destinations`: what the last model leaves is sent to each of them. */
export function readDestinations(spot: Spot, findings: Findings): Destination[] {
  if (isEmpty(spot)) return [];
  const items = itemsOf(spot, 'a list of destinations', findings) ?? [];
  if (items.length > mostDestinations) refuse(spot, `a list of at most ${mostDestinations} destinations`, findings);
  return items.slice(0, mostDestinations).flatMap(item => readDestination(item, findings) ?? []);
}

/** `return_to_sender_on_port`: one port or several of the machine that sent. */
export function readSenderPorts(spot: Spot, findings: Findings): number[] {
  return oneOrMore(spot).flatMap(item => wholeOf(item, portRange, findings) ?? []);
}

function readDestination(spot: Spot, findings: Findings): Destination | undefined {
  if (spot.tree.kind === 'scalar' && spot.tree.value !== null) return peerOf(spot, findings);
  const entries = entriesOf(spot, shapes, findings);
  if (!entries) return undefined;
  const kind = ['peer', 'folder'].find(key => entries.has(key)) ?? 'host';
  if (kind === 'host') return dicomOf(entries, spot, findings);
  const found = entries.get(kind) as Spot;
  checkKeys(entries, [kind], findings, key =>
    ['host', 'port', 'ae_title', 'peer', 'folder'].includes(key)
      ? { what: `A destination has either ${kind} or ${key}, not both`, remedy: `Remove ${key}, or ${kind}.` }
      : null,
  );
  return kind === 'peer' ? peerOf(found, findings) : folderOf(found, findings);
}

function dicomOf(entries: Entries, spot: Spot, findings: Findings): Destination | undefined {
  checkKeys(entries, ['host', 'port', 'ae_title'], findings);
  const missing = ['host', 'port', 'ae_title'].filter(key => !entries.has(key));
  if (missing.length > 0) {
    const what = `${spot.path} has no ${missing.join(' and no ')}`;
    findings.error(
      spot.tree.at,
      spot.path,
      what,
      `Add ${missing.join(' and ')}, or name a peer: NAME, or a folder: PATH.`,
    );
  }
  const [host, port, title] = [entries.get('host'), entries.get('port'), entries.get('ae_title')];
  const read = {
    host: host && hostOf(host, findings),
    port: port && wholeOf(port, portRange, findings),
    aeTitle: title && aeTitleOf(title, findings),
  };
  if (read.host === undefined || read.port === undefined || read.aeTitle === undefined) return undefined;
  return { kind: 'dicom', host: read.host, port: read.port, aeTitle: read.aeTitle };
}

function hostOf(spot: Spot, findings: Findings): string | undefined {
  const host = textOf(spot, 'a host name or an address', findings)?.trim();
  if (host === undefined || /^[A-Za-z0-9:._%-]{1,253}$/.test(host)) return host;
  return refuse(spot, 'a host name or an address', findings);
}

function aeTitleOf(spot: Spot, findings: Findings): string | undefined {
  const text = textOf(spot, 'an AE title', findings);
  if (text === undefined) return undefined;
  const read = aeTitleSchema.safeParse(text);
  return read.success ? read.data : refuse(spot, 'an AE title of 1 to 16 characters without a backslash', findings);
}

function peerOf(spot: Spot, findings: Findings): Destination | undefined {
  const text = textOf(spot, 'the name of a peer', findings);
  if (text === undefined) return undefined;
  const read = peerNameSchema.safeParse(text);
  if (read.success) return { kind: 'peer', peer: read.data };
  return refuse(spot, 'the name of a peer: letters, digits, dot, dash, underscore', findings);
}

/** Absolute, or below the folder for such results: a relative path must not leave it. */
function folderOf(spot: Spot, findings: Findings): Destination | undefined {
  const path = textOf(spot, 'a folder', findings);
  if (path === undefined) return undefined;
  const absolute = /^([\\/]|[A-Za-z]:[\\/])/.test(path);
  const leaves = path.split(/[\\/]/).includes('..');
  if (path.trim() === '' || path.length > 1024 || leaves || (!absolute && /^[A-Za-z]:/.test(path))) {
    return refuse(spot, 'an absolute folder, or one without ".." below folders/ of the data directory', findings);
  }
  return { kind: 'folder', path };
}
