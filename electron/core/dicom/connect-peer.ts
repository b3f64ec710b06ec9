import { readFileSync } from 'node:fs';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { AppError } from '../../../shared/problems.ts';
import type { Peer } from '../../../shared/schemas/peers.ts';

export type Endpoint = Pick<Peer, 'aeTitle' | 'host' | 'port' | 'tls'>;

/** How a peer is named in problems and rows: `AET@host:port`. */
export const endpointText = ({ aeTitle, host, port }: Endpoint) =>
  `${aeTitle}@${isIP(host) === 6 ? `[${host}]` : host}:${port}`;

/** A connection on its way to the peer. @throws TLS_FILE_UNREADABLE */
export function connectPeer({ host, port, tls }: Endpoint): Socket {
  const socket = tls
    ? connectTls({
        host,
        port,
        // An address is no server name, RFC 6066 §3.
        servername: isIP(host) ? '' : host,
        ...pemFiles(tls),
      })
    : connect({ host, port });
  socket.setNoDelay(true);
  return socket;
}

function pemFiles({ ca, certificate, key }: NonNullable<Peer['tls']>) {
  const files: { ca?: Buffer; cert?: Buffer; key?: Buffer } = {};
  if (ca) files.ca = tried(ca, bytes => createSecureContext({ ca: bytes }));
  if (certificate) files.cert = tried(certificate, bytes => createSecureContext({ cert: bytes }));
  if (key) files.key = tried(key, bytes => createSecureContext({ cert: files.cert, key: bytes }));
  return files;
}

function tried(path: string, use: (bytes: Buffer) => void): Buffer {
  try {
    const bytes = readFileSync(path);
    use(bytes);
    return bytes;
  } catch (cause) {
    throw new AppError('TLS_FILE_UNREADABLE', { path, reason: (cause as Error).message }, { cause });
  }
}

const words: Record<string, string> = {
  ECONNREFUSED: 'the connection was refused, nothing listens there',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the name server does not answer',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to its network',
  ETIMEDOUT: 'the connection timed out',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed and not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an authority that is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes from an authority that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from an authority that is not trusted',
  CERT_HAS_EXPIRED: 'its certificate has expired',
};

/** Why a connection failed. A name with several addresses fails with an AggregateError, whose own message is empty. */
export function connectionFailure(error: Error & { code?: string; errors?: Error[] }): string {
  const known = words[error.code ?? ''];
  if (known) return known;
  return error.message || error.errors?.[0]?.message || error.code || 'the connection failed';
}
