import { BlockList, isIP } from 'node:net';
import { type AssociateRj, type AssociateRq, dicomApplicationContext, rejection } from './pdu.ts';

/** Who may associate, from the settings in force at the moment of the request. */
export interface AssociationPolicy {
  calledAeTitles: readonly string[];
  callingAeTitles: readonly string[];
  /** Addresses, or networks as 10.1.0.0/16. */
  callingHosts: readonly string[];
}

/** The rejection of a request, PS3.8 §9.3.4, with words for the log; undefined accepts it. */
export function judgeRequest(
  request: AssociateRq,
  host: string,
  policy: AssociationPolicy,
): (Omit<AssociateRj, 'type'> & { words: string }) | undefined {
  const { calledAeTitles, callingAeTitles, callingHosts } = policy;
  if ((request.protocolVersion & 1) === 0) {
    return { ...rejection.protocolVersion, words: `protocol version ${request.protocolVersion} is not supported` };
  }
  if (request.applicationContext !== dicomApplicationContext) {
    return {
      ...rejection.applicationContext,
      words: `application context ${request.applicationContext || 'none'} is not DICOM`,
    };
  }
  if (calledAeTitles.length > 0 && !calledAeTitles.includes(request.calledAe)) {
    return { ...rejection.calledAe, words: `called AE title ${request.calledAe} is not in CALLED_AE_TITLES` };
  }
  if (callingAeTitles.length > 0 && !callingAeTitles.includes(request.callingAe)) {
    return { ...rejection.callingAe, words: `calling AE title ${request.callingAe} is not in CALLING_AE_TITLES` };
  }
  if (callingHosts.length > 0 && !isAmong(host, callingHosts)) {
    return { ...rejection.callingAe, words: `host ${host} is not in CALLING_HOSTS` };
  }
  return undefined;
}

function isAmong(host: string, entries: readonly string[]): boolean {
  const family = isIP(host) === 6 ? 'ipv6' : 'ipv4';
  return entries.some(entry => {
    if (entry === host || (entry === 'localhost' && (host === '127.0.0.1' || host === '::1'))) return true;
    const [address = '', prefix] = entry.split('/');
    const network = isIP(address);
    if (prefix === undefined || network === 0) return false;
    const bits = Number(prefix);
    if (!Number.isInteger(bits) || bits < 0 || bits > (network === 6 ? 128 : 32)) return false;
    const list = new BlockList();
    list.addSubnet(address, bits, network === 6 ? 'ipv6' : 'ipv4');
    return list.check(host, family);
  });
}

/** IPv4 addresses come mapped into IPv6 on a dual-stack socket. */
export const plainAddress = (address: string | undefined) => (address ?? '').replace(/^::ffff:(?=\d+\.)/, '');
