import type { Findings } from './findings.ts';
import { entriesOf, oneOrMore, refuse, type Spot, textOf } from './spot.ts';

interface Binding {
  HostIp: string;
  HostPort: string;
}
export interface Ports {
  exposed: Record<string, Record<string, never>>;
  bindings: Record<string, Binding[]>;
}

const loopback = '127.0.0.1';

/**
 * docker-py's `ports`: container port -> host port, null (any), [address, port], or a list of host ports.
 * Published on the loopback address only: a step holds patient data, and what leaves the machine is for destinations to say.
 */
export function portsOf(spot: Spot, findings: Findings): Ports {
  const ports: Ports = { exposed: {}, bindings: {} };
  for (const [key, item] of entriesOf(spot, 'a mapping of container port to host port', findings) ?? []) {
    const read = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(key);
    if (!read || !isPort(read[1])) {
      findings.error(item.keyAt, item.path, `${key} is not a port of a container`, 'Write it like 8080/tcp.');
      continue;
    }
    const name = `${read[1]}/${read[2] ?? 'tcp'}`;
    ports.exposed[name] = {};
    ports.bindings[name] = bindingsOf(item, findings);
  }
  return ports;
}

const isPort = (text: string | undefined) => /^\d{1,5}$/.test(text ?? '') && Number(text) >= 1 && Number(text) <= 65535;

function bindingsOf(spot: Spot, findings: Findings): Binding[] {
  const items = oneOrMore(spot);
  if (items.length === 0) return [{ HostIp: loopback, HostPort: '' }];
  const texts = items.map(item => textOf(item, 'a port', findings) ?? '');
  const [first = '', second] = texts;
  if (texts.length === 2 && !isPort(first) && isPort(second)) return [bind(first, second ?? '', spot, findings)];
  return texts.map((text, index) => {
    const item = items[index] ?? spot;
    const split = text.lastIndexOf(':');
    if (split > 0 && isPort(text.slice(split + 1)))
      return bind(text.slice(0, split), text.slice(split + 1), item, findings);
    if (!isPort(text)) refuse(item, 'a port, or [127.0.0.1, port]', findings);
    return { HostIp: loopback, HostPort: text };
  });
}

function bind(address: string, port: string, spot: Spot, findings: Findings): Binding {
  if (!['127.0.0.1', '::1', 'localhost'].includes(address)) {
    const what = `${spot.path} publishes a port of the container on ${address}, where other machines reach it`;
    findings.error(spot.tree.at, spot.path, what, 'Publish on 127.0.0.1, or send results to a destination.');
  }
  return { HostIp: address === 'localhost' ? loopback : address, HostPort: port };
}
