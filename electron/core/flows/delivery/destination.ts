import { isAbsolute, join } from 'node:path';
import type { Destination } from '../../../../shared/schemas/flows.ts';
import { type Endpoint, endpointText, type Peers } from '../../dicom/index.ts';

/** Where to, at this moment: a peer by name may have another address by the next attempt. */
export type Target = { kind: 'dicom'; endpoint: Endpoint } | { kind: 'folder'; path: string };

/** One text a destination: key of its rows and its breaker, and what screens show. */
export function destinationText(destination: Destination): string {
  switch (destination.kind) {
    case 'dicom':
      return `dicom://${endpointText({ ...destination, tls: null })}`;
    case 'peer':
      return `peer://${destination.peer}`;
    case 'folder':
      return `folder://${destination.path}`;
  }
}

/** @throws PEER_NOT_FOUND when the flow names a peer that is not configured (yet) */
export function targetOf(
  text: string,
  { peers, dataDirectory }: { peers: Pick<Peers, 'get'>; dataDirectory: string },
): Target {
  const [, kind, rest = ''] = /^(dicom|peer|folder):\/\/(.*)$/s.exec(text) ?? [];
  if (kind === 'peer') return { kind: 'dicom', endpoint: peers.get(rest) };
  if (kind === 'folder')
    return { kind: 'folder', path: isAbsolute(rest) ? rest : join(dataDirectory, 'folders', rest) };
  const at = rest.lastIndexOf('@');
  const colon = rest.lastIndexOf(':');
  const host = rest.slice(at + 1, colon).replace(/^\[(.*)\]$/, '$1');
  return {
    kind: 'dicom',
    endpoint: { aeTitle: rest.slice(0, at), host, port: Number(rest.slice(colon + 1)), tls: null },
  };
}
