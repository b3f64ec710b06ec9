import { readFileSync } from 'node:fs';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AppError } from '../../../shared/problems.ts';
import type { Peer } from '../../../shared/schemas/peers.ts';
import { type CommandSet, decodeCommandSet, encodeCommandSet, maxCommandSetLength } from './command-set.ts';
import { implementationClassUid, implementationVersionName } from './part-10-head.ts';
import {
  type AnsweredContext,
  abortInWords,
  type ControlPdu,
  contextResult,
  dicomApplicationContext,
  type ProposedContext,
  rejectionInWords,
} from './pdu.ts';
import { encodePData, encodePDataHead, encodePdu } from './pdu-encode.ts';
import { createPduReader } from './pdu-reader.ts';

export type Endpoint = Pick<Peer, 'aeTitle' | 'host' | 'port' | 'tls'>;

/** How a peer is named in problems and rows: `AET@host:port`. */
export const endpointText = ({ aeTitle, host, port }: Endpoint) =>
  `${aeTitle}@${isIP(host) === 6 ? `[${host}]` : host}:${port}`;

/** The requestor's side of one association, one operation at a time. */
export interface Association {
  /** Accepted presentation contexts by id, with the transfer syntax the peer chose. */
  accepted: Map<number, AnsweredContext>;
  /** Sends a request, with the data set that follows it, and waits for its response. */
  request(
    contextId: number,
    command: CommandSet,
    dataSet?: { bytes: AsyncIterable<Buffer>; length: number },
  ): Promise<CommandSet>;
  release(): Promise<void>;
  abort(): void;
}

interface Order {
  peer: Endpoint;
  callingAe: string;
  contexts: ProposedContext[];
  /** Silence of the peer, in seconds, after which the association counts as failed. */
  timeout: number;
  signal?: AbortSignal;
}

/** What a peer without a limit gets at once. */
const plentyPdu = 256 * 1024;

/**
 * Opens an association, PS3.8 §7.1.
 *
 * @throws PEER_UNREACHABLE, PEER_REJECTED, PEER_ABORTED, PEER_TIMED_OUT, TLS_FILE_UNREADABLE; `request` and `release` throw
 *   the same when the association fails under them, and the signal's reason when it was aborted
 */
export async function openAssociation({ peer, callingAe, contexts, timeout, signal }: Order): Promise<Association> {
  const name = endpointText(peer);
  signal?.throwIfAborted();
  const socket = socketTo(peer);
  socket.setNoDelay(true);

  let failure: unknown = null;
  let released = false;
  let connected = false;
  let maxPdu = 16384;
  let commandBytes: Buffer[] = [];
  let onFailure: (error: unknown) => void = () => {};
  let onAnswer: (contexts: AnsweredContext[]) => void = () => {};
  let onResponse: (command: CommandSet) => void = () => {};
  let onReleased = () => {};

  const fail = (error: unknown) => {
    if (failure) return;
    failure = error;
    clearTimeout(idle);
    signal?.removeEventListener('abort', aborted);
    socket.destroy();
    onFailure(error);
  };
  const silent = () => {
    if (connected) socket.write(encodePdu({ type: 'abort', source: 0, reason: 0 }));
    fail(
      connected
        ? new AppError('PEER_TIMED_OUT', { peer: name, seconds: timeout })
        : unreachable(`no connection within ${timeout} s`),
    );
  };
  const unreachable = (reason: string, cause?: unknown) =>
    new AppError('PEER_UNREACHABLE', { peer: name, reason }, { cause });
  let idle = setTimeout(silent, timeout * 1000);
  const alive = () => {
    clearTimeout(idle);
    if (!failure) idle = setTimeout(silent, timeout * 1000);
  };
  const aborted = () => {
    if (connected) socket.write(encodePdu({ type: 'abort', source: 0, reason: 0 }));
    fail(signal?.reason);
  };
  signal?.addEventListener('abort', aborted);

  const pdu = (received: ControlPdu) => {
    switch (received.type) {
      case 'associate-ac':
        maxPdu =
          received.user.maxPduLength === 0
            ? plentyPdu
            : Math.min(Math.max(received.user.maxPduLength, 1024), plentyPdu);
        return onAnswer(received.contexts);
      case 'associate-rj':
        return fail(new AppError('PEER_REJECTED', { peer: name, reason: rejectionInWords(received) }));
      case 'abort':
        return fail(new AppError('PEER_ABORTED', { peer: name, reason: abortInWords(received) }));
      case 'release-rp':
        released = true;
        return onReleased();
      default:
        return fail(new AppError('PEER_ABORTED', { peer: name, reason: `it sent an unexpected ${received.type}` }));
    }
  };
  const reader = createPduReader(
    { maxPduLength: plentyPdu },
    {
      pdu,
      piece({ command, last, data }) {
        if (!command) return;
        commandBytes.push(Buffer.from(data));
        if (commandBytes.reduce((sum, bytes) => sum + bytes.length, 0) > maxCommandSetLength)
          throw new Error('its command set is too long');
        if (!last) return;
        const bytes = Buffer.concat(commandBytes);
        commandBytes = [];
        onResponse(decodeCommandSet(bytes));
      },
    },
  );
  socket.on('data', chunk => {
    alive();
    try {
      reader.push(chunk);
    } catch (cause) {
      fail(
        new AppError(
          'PEER_ABORTED',
          { peer: name, reason: `it broke the protocol: ${(cause as Error).message}` },
          { cause },
        ),
      );
    }
  });
  socket.on('error', error =>
    fail(
      connected
        ? new AppError('PEER_ABORTED', { peer: name, reason: error.message }, { cause: error })
        : unreachable(error.message, error),
    ),
  );
  socket.on('close', () => {
    if (!released)
      fail(
        connected
          ? new AppError('PEER_ABORTED', { peer: name, reason: 'it closed the connection' })
          : unreachable('it closed the connection'),
      );
  });
  socket.once(peer.tls ? 'secureConnect' : 'connect', () => {
    connected = true;
    alive();
    socket.write(
      encodePdu({
        type: 'associate-rq',
        protocolVersion: 1,
        calledAe: peer.aeTitle,
        callingAe,
        contexts,
        applicationContext: dicomApplicationContext,
        user: { maxPduLength: plentyPdu, implementationClassUid, implementationVersionName },
      }),
    );
  });

  /** Waits for one answer of the peer, or for the failure of the association. */
  const waitFor = <T>(arm: (resolve: (value: T) => void) => void): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (failure) return reject(failure);
      onFailure = reject;
      arm(resolve);
    });
  const write = async (bytes: Buffer[]): Promise<void> => {
    if (failure) throw failure;
    socket.cork();
    let free = true;
    for (const part of bytes) free = socket.write(part);
    socket.uncork();
    if (free) return;
    await waitFor<void>(resolve => socket.once('drain', resolve));
    alive();
  };

  const answered = await waitFor<AnsweredContext[]>(resolve => {
    onAnswer = resolve;
  });
  const accepted = new Map(
    answered.filter(context => context.result === contextResult.acceptance).map(context => [context.id, context]),
  );

  return {
    accepted,
    async request(contextId, command, dataSet) {
      const response = waitFor<CommandSet>(resolve => {
        onResponse = resolve;
      });
      response.catch(() => {});
      const commandPdus = encodePData(contextId, true, encodeCommandSet(command), maxPdu);
      if (!dataSet) await write([commandPdus]);
      else {
        let head: Buffer[] = [commandPdus];
        let left = dataSet.length;
        // Fragments have an even length, PS3.8 Annex E.
        const most = (maxPdu - 6) & ~1;
        for await (const chunk of dataSet.bytes) {
          for (let at = 0; at < chunk.length; at += most) {
            const fragment = chunk.subarray(at, at + most);
            left -= fragment.length;
            await write([...head, encodePDataHead(contextId, false, left === 0, fragment.length), fragment]);
            head = [];
          }
        }
        if (left !== 0) {
          const error = new Error(`the file is ${left} bytes shorter than when it was opened`);
          fail(error);
          throw error;
        }
      }
      // Writing armed other waits: the failure has to reach this one from now on.
      return failure ? Promise.reject(failure) : Promise.race([response, waitFor<never>(() => {})]);
    },
    async release() {
      if (failure) return;
      const done = waitFor<void>(resolve => {
        onReleased = resolve;
      });
      socket.write(encodePdu({ type: 'release-rq' }));
      // A peer that drops the connection instead of answering has everything all the same.
      await done.catch(() => {});
      clearTimeout(idle);
      signal?.removeEventListener('abort', aborted);
      socket.end();
      socket.destroySoon();
    },
    abort() {
      socket.write(encodePdu({ type: 'abort', source: 0, reason: 0 }));
      fail(new AppError('PEER_ABORTED', { peer: name, reason: 'by ourselves' }));
    },
  };
}

function socketTo({ host, port, tls }: Endpoint): Socket {
  if (!tls) return connect({ host, port });
  return connectTls({
    host,
    port,
    servername: isIP(host) ? '' : host,
    ...(tls.ca ? { ca: pem(tls.ca) } : {}),
    ...(tls.certificate ? { cert: pem(tls.certificate) } : {}),
    ...(tls.key ? { key: pem(tls.key) } : {}),
  });
}

function pem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new AppError('TLS_FILE_UNREADABLE', { path, reason: (cause as Error).message }, { cause });
  }
}
