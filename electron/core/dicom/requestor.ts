import { AppError } from '../../../shared/problems.ts';
import { type CommandSet, decodeCommandSet, encodeCommandSet, maxCommandSetLength } from './command-set.ts';
import { connectionFailure, connectPeer, type Endpoint, endpointText } from './connect-peer.ts';
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
import { isStored } from './status.ts';

/** The requestor's side of one association, one operation at a time. */
export interface Association {
  /** Accepted presentation contexts by id, with the transfer syntax that was proposed. */
  accepted: Map<number, AnsweredContext>;
  /** Most bytes of a data set in one PDU to this peer: pieces of a multiple of it travel best. */
  fragmentBytes: number;
  /** Sends a request, with the data set that follows it, and waits for its response. */
  request(contextId: number, command: CommandSet, dataSet?: AsyncIterable<Buffer>): Promise<CommandSet>;
  /** Ends in order; a peer that does not answer has everything all the same. */
  release(): Promise<void>;
  /** Does nothing when the association has ended. */
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

/** What a peer without a limit gets at once, and what we accept. */
const plentyPdu = 256 * 1024;
/** Less than this cannot be meant. */
const leastPdu = 64;
const releaseMs = 3000;
const abortMs = 1000;
const byOurselves = encodePdu({ type: 'abort', source: 0, reason: 0 });

type State = 'connecting' | 'proposed' | 'open' | 'releasing' | 'ended';

/**
 * Opens an association, PS3.8 §7.1.
 *
 * @throws PEER_UNREACHABLE, PEER_REJECTED, PEER_ABORTED, PEER_TIMED_OUT, TLS_FILE_UNREADABLE; `request` throws the same
 *   when the association fails under it, what `dataSet` throws, and the signal's reason when it was aborted
 */
export async function openAssociation({ peer, callingAe, contexts, timeout, signal }: Order): Promise<Association> {
  const name = endpointText(peer);
  signal?.throwIfAborted();
  const socket = connectPeer(peer);

  let state = 'connecting' as State;
  let failure: unknown;
  let maxPdu = 16384;
  let commandParts: Buffer[] = [];
  let commandBytes = 0;
  const waits = new Set<(error: unknown) => void>();
  let onAnswer: (contexts: AnsweredContext[]) => void = () => {};
  let onReleased = () => {};
  let asked: { command: CommandSet; sent: boolean; answer(response: CommandSet): void } | null = null;

  const abortedWith = (reason: string, cause?: unknown) =>
    new AppError('PEER_ABORTED', { peer: name, reason }, { cause });
  const unreachable = (reason: string, cause?: unknown) =>
    new AppError('PEER_UNREACHABLE', { peer: name, reason }, { cause });
  const over = () => {
    state = 'ended';
    clearTimeout(idle);
    signal?.removeEventListener('abort', onAbort);
  };
  /** The connection is of no use any more. A peer that still listens is told, PS3.8 §9.3.8. */
  const fail = (error: unknown, tell: boolean) => {
    if (state === 'ended') return;
    const told = tell && state !== 'connecting';
    over();
    failure = error;
    if (told) {
      socket.write(byOurselves);
      socket.destroySoon();
      setTimeout(() => socket.destroy(), abortMs).unref();
    } else socket.destroy();
    for (const reject of waits) reject(error);
    waits.clear();
  };
  const silent = () =>
    state === 'connecting'
      ? fail(unreachable(`no connection within ${timeout} s`), false)
      : fail(new AppError('PEER_TIMED_OUT', { peer: name, seconds: timeout }), true);
  const onAbort = () => fail(signal?.reason, true);
  let idle = setTimeout(silent, timeout * 1000);
  const alive = () => {
    clearTimeout(idle);
    if (state !== 'ended') idle = setTimeout(silent, timeout * 1000);
  };
  signal?.addEventListener('abort', onAbort);

  /** Waits for one answer of the peer, or for the failure of the association. */
  const waitFor = <T>(arm: (resolve: (value: T) => void) => void): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (state === 'ended') return reject(failure);
      waits.add(reject);
      arm(value => {
        waits.delete(reject);
        resolve(value);
      });
    });
  const write = async (...parts: Buffer[]): Promise<void> => {
    if (state === 'ended') throw failure;
    alive();
    socket.cork();
    let free = true;
    for (const part of parts) free = socket.write(part);
    socket.uncork();
    if (!free) await waitFor<void>(resolve => socket.once('drain', resolve));
  };

  const pdu = (received: ControlPdu) => {
    switch (received.type) {
      case 'associate-ac': {
        if (state !== 'proposed') return fail(abortedWith('it accepted an association that was open already'), true);
        state = 'open';
        const most = received.user.maxPduLength || plentyPdu;
        maxPdu = Math.min(Math.max(most, leastPdu), plentyPdu);
        return onAnswer(received.contexts);
      }
      case 'associate-rj':
        return fail(new AppError('PEER_REJECTED', { peer: name, reason: rejectionInWords(received) }), false);
      case 'abort':
        return fail(abortedWith(abortInWords(received)), false);
      case 'release-rq':
        socket.write(encodePdu({ type: 'release-rp' }));
        if (state !== 'releasing') fail(abortedWith('it released the association before we were done'), false);
        return;
      case 'release-rp':
        return onReleased();
      default:
        return fail(abortedWith(`it sent an unexpected ${received.type}`), true);
    }
  };
  /** Only the answer to the very message that is waiting counts: anything else could confirm the wrong instance. */
  const response = (command: CommandSet) => {
    const { commandField, messageId = 0 } = asked?.command ?? {};
    const isAnswer = commandField !== undefined && command.commandField === (commandField | 0x8000);
    if (!asked || !isAnswer || command.messageIdBeingRespondedTo !== messageId)
      throw new Error('it answered a message that nobody sent');
    if (!asked.sent && isStored(command.status ?? -1)) throw new Error('it confirmed an instance before it had it');
    asked.answer(command);
    asked = null;
  };
  const reader = createPduReader(
    { maxPduLength: plentyPdu },
    {
      pdu,
      piece({ command, last, data }) {
        if (!command) return;
        commandParts.push(Buffer.from(data));
        commandBytes += data.length;
        if (commandBytes > maxCommandSetLength) throw new Error('its command set is too long');
        if (!last) return;
        const bytes = Buffer.concat(commandParts);
        commandParts = [];
        commandBytes = 0;
        response(decodeCommandSet(bytes));
      },
    },
  );
  socket.on('data', chunk => {
    if (state === 'ended') return;
    alive();
    try {
      reader.push(chunk);
    } catch (cause) {
      fail(abortedWith(`it broke the protocol: ${(cause as Error).message}`, cause), true);
    }
  });
  const lost = (reason: string, cause?: unknown) =>
    fail(state === 'connecting' ? unreachable(reason, cause) : abortedWith(reason, cause), false);
  socket.on('error', error => lost(connectionFailure(error), error));
  socket.on('close', () => lost('it closed the connection'));
  socket.once(peer.tls ? 'secureConnect' : 'connect', () => {
    if (state === 'ended') return;
    state = 'proposed';
    alive();
    const user = { maxPduLength: plentyPdu, implementationClassUid, implementationVersionName };
    const applicationContext = dicomApplicationContext;
    const [type, protocolVersion, calledAe] = ['associate-rq' as const, 1, peer.aeTitle];
    socket.write(encodePdu({ type, protocolVersion, calledAe, callingAe, contexts, applicationContext, user }));
  });

  const answered = await waitFor<AnsweredContext[]>(resolve => {
    onAnswer = resolve;
  });
  const wasProposed = ({ id, transferSyntax }: AnsweredContext) =>
    contexts.some(context => context.id === id && context.transferSyntaxes.includes(transferSyntax));
  const isAccepted = (context: AnsweredContext) => context.result === contextResult.acceptance && wasProposed(context);
  // Fragments have an even length, PS3.8 Annex E.
  const fragmentBytes = (maxPdu - 6) & ~1;

  async function writeDataSet(contextId: number, first: Buffer, dataSet: AsyncIterable<Buffer>): Promise<void> {
    let parts: Buffer[] = [first];
    let bytes = 0;
    let held: Buffer | null = null;
    /** Small PDUs share a write. */
    const put = async (fragment: Buffer, last: boolean) => {
      parts.push(encodePDataHead(contextId, false, last, fragment.length), fragment);
      bytes += fragment.length;
      if (bytes < plentyPdu && !last) return;
      const together = parts;
      parts = [];
      bytes = 0;
      await write(...together);
    };
    for await (const chunk of dataSet) {
      // Fragments have an even length, PS3.8 Annex E: an odd rest waits for what follows.
      const joined: Buffer = held && held.length % 2 === 1 ? Buffer.concat([held, chunk]) : chunk;
      if (joined !== chunk) held = null;
      for (let at = 0; at < joined.length; at += fragmentBytes) {
        if (held) await put(held, false);
        held = joined.subarray(at, at + fragmentBytes);
      }
    }
    if (asked) asked.sent = true;
    await put(held ?? Buffer.alloc(0), true);
  }

  return {
    accepted: new Map(answered.filter(isAccepted).map(context => [context.id, context])),
    fragmentBytes,
    async request(contextId, command, dataSet) {
      const answer = waitFor<CommandSet>(resolve => {
        asked = { command, sent: !dataSet, answer: resolve };
      });
      // Writing fails for the same reason, and says so first.
      answer.catch(() => {});
      const bytes = encodePData(contextId, true, encodeCommandSet(command), maxPdu);
      if (dataSet) await writeDataSet(contextId, bytes, dataSet);
      else await write(bytes);
      return answer;
    },
    async release() {
      if (state !== 'open') return;
      state = 'releasing';
      const released = waitFor<void>(resolve => {
        onReleased = resolve;
      });
      socket.write(encodePdu({ type: 'release-rq' }));
      const enough = setTimeout(() => onReleased(), releaseMs);
      await released.catch(() => {});
      clearTimeout(enough);
      if (state === 'releasing') over();
      socket.destroySoon();
    },
    abort: () => fail(abortedWith('by ourselves'), true),
  };
}
