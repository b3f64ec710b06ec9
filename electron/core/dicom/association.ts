import { answerContext } from './accepted-contexts.ts';
import { type AssociationPolicy, judgeRequest } from './association-policy.ts';
import { type Action, type Event, moves, type State } from './association-states.ts';
import { createMessageReader, type MessageReader } from './messages.ts';
import { implementationClassUid, implementationVersionName } from './part-10-head.ts';
import {
  type Abort,
  type AssociateRq,
  abortInWords,
  abortReason,
  type ControlPdu,
  contextResult,
  dicomApplicationContext,
  PduError,
  rejection,
} from './pdu.ts';
import { encodePdu } from './pdu-encode.ts';
import { createPduReader } from './pdu-reader.ts';
import type { AssociationOutcome, Receiving, Reception } from './reception.ts';

/** The connection below an association; a socket, or a test's own. */
export interface Transport {
  host: string;
  port: number;
  tls: boolean;
  /** @returns false when the peer does not read: reading stops until `writable` is called */
  write(bytes: Buffer): boolean;
  end(): void;
  destroy(): void;
  pause(): void;
  resume(): void;
}

export interface Association {
  /** Bytes from the connection. */
  data(chunk: Buffer): void;
  /** The connection can take more bytes again. */
  writable(): void;
  /** The connection is gone. */
  closed(reason: string): void;
  /** Ends the association at once; what is already whole is still stored. */
  stop(): void;
  readonly state: State;
  /** Settles when the association is over and everything it received is stored or discarded. */
  readonly over: Promise<void>;
}

interface Needs {
  transport: Transport;
  reception: Reception;
  policy(): AssociationPolicy;
  /** Claims a place among the associations served at once; false when there is none. */
  claimPlace(): boolean;
  releasePlace(): void;
  maxPduLength: number;
  idleMs: number;
  artimMs: number;
  log(level: 'info' | 'warn', line: string): void;
}

export function createAssociation(needs: Needs): Association {
  const { transport, reception, log, maxPduLength } = needs;
  const peerName = () => (request ? `${request.callingAe} (${transport.host})` : transport.host);
  const over = Promise.withResolvers<void>();
  let state: State = 'awaiting-request';
  let request: AssociateRq | undefined;
  let receiving: Receiving | undefined;
  let messages: MessageReader | undefined;
  /** Why the connection is being given up, for the row and the log. */
  let ending: { outcome: AssociationOutcome; reason: string | null } | undefined;
  let timer = setTimeout(() => handle('artim-expired'), needs.artimMs);

  const artim = () => {
    clearTimeout(timer);
    timer = setTimeout(() => handle('artim-expired'), needs.artimMs);
  };

  function answerRequest(pdu: AssociateRq) {
    request = pdu;
    const refused = judgeRequest(pdu, transport.host, needs.policy());
    const full = refused
      ? undefined
      : needs.claimPlace()
        ? undefined
        : { ...rejection.localLimit, words: 'MAX_ASSOCIATIONS are open' };
    const no = refused ?? full;
    if (no) {
      log('warn', `association from ${peerName()} to ${pdu.calledAe} rejected: ${no.words}`);
      transport.write(encodePdu({ type: 'associate-rj', result: no.result, source: no.source, reason: no.reason }));
      return awaitClose();
    }
    const contexts = pdu.contexts.map(answerContext);
    const { calledAe, callingAe } = pdu;
    receiving = reception.associated({
      callingAe,
      calledAe,
      host: transport.host,
      port: transport.port,
      tls: transport.tls,
    });
    messages = createMessageReader({
      accepted: new Map(
        contexts.flatMap(({ id, result, transferSyntax }) =>
          result === contextResult.acceptance ? [[id, transferSyntax] as const] : [],
        ),
      ),
      peerMaxPduLength: pdu.user.maxPduLength,
      receiving,
      transport,
      settled: () => handle('settled'),
    });
    state = 'established';
    transport.write(
      encodePdu({
        type: 'associate-ac',
        protocolVersion: 1,
        calledAe,
        callingAe,
        applicationContext: dicomApplicationContext,
        contexts,
        user: { maxPduLength, implementationClassUid, implementationVersionName },
      }),
    );
    clearTimeout(timer);
    timer = setTimeout(silence, needs.idleMs);
  }

  /** Silence is the peer's only when nothing waits for this side's disk. */
  function silence() {
    if (messages && messages.waiting > 0) timer.refresh();
    else handle('silence');
  }

  function awaitClose() {
    state = 'awaiting-close';
    messages?.discard();
    transport.end();
    artim();
  }

  function abort(outcome: AssociationOutcome, why: string, abortPdu: Omit<Abort, 'type'>) {
    ending = { outcome, reason: why };
    transport.write(encodePdu({ type: 'abort', ...abortPdu }));
    awaitClose();
  }

  function close() {
    state = 'closed';
    clearTimeout(timer);
    messages?.discard();
    transport.destroy();
    const end = ending ?? { outcome: 'lost', reason: 'the connection was closed without a release' };
    const counted = messages?.inWords();
    void (messages?.settledAll() ?? Promise.resolve()).then(() => {
      if (receiving) {
        receiving.ended(end.outcome, end.reason);
        needs.releasePlace();
        const level = end.outcome === 'released' ? 'info' : 'warn';
        log(
          level,
          `association from ${peerName()} ${end.outcome}${end.reason ? ` (${end.reason})` : ''}: ${messages?.inWords() ?? counted}`,
        );
      } else if (ending) log('warn', `connection from ${peerName()} ${ending.outcome}: ${ending.reason}`);
      over.resolve();
    });
  }

  /** What a move does; `pdu` and `why` belong to the event. */
  const act: Record<Action, (pdu: ControlPdu | undefined, error: PduError | undefined, why: string) => void> = {
    ignore: () => {},
    'answer-request': pdu => answerRequest(pdu as AssociateRq),
    'take-data': () => {},
    'wait-until-settled': () => {
      state = 'releasing';
      if (messages?.waiting === 0) handle('settled');
    },
    'confirm-release': () => {
      ending = { outcome: 'released', reason: null };
      transport.write(encodePdu({ type: 'release-rp' }));
      awaitClose();
    },
    'peer-aborted': pdu => {
      ending = { outcome: 'aborted', reason: abortInWords(pdu as Abort) };
      close();
    },
    'abort-unexpected': pdu => {
      const what = pdu ? pdu.type.toUpperCase() : 'P-DATA-TF';
      abort('aborted', `${what} came while the association was ${state}`, {
        source: 2,
        reason: abortReason.unexpectedPdu,
      });
    },
    'abort-invalid': (_, error) => {
      const reason = error?.reason ?? abortReason.notSpecified;
      abort('aborted', error?.message ?? 'invalid PDU', { source: 2, reason });
    },
    'abort-silent': () => {
      const seconds = Math.round((state === 'awaiting-request' ? needs.artimMs : needs.idleMs) / 1000);
      abort('timed-out', `silent for ${seconds} s`, { source: 2, reason: abortReason.notSpecified });
    },
    'abort-stopped': () => abort('aborted', 'Gantry stopped', { source: 2, reason: abortReason.notSpecified }),
    close,
    lost: (_pdu, _error, why) => {
      ending = receiving ? { outcome: 'lost', reason: why } : undefined;
      close();
    },
  };

  function handle(event: Event, pdu?: ControlPdu, error?: PduError, why = '') {
    act[moves[state][event]](pdu, error, why);
  }

  const reader = createPduReader(
    { maxPduLength },
    {
      pdu: pdu => handle(pdu.type, pdu),
      piece: piece => {
        if (moves[state]['p-data'] === 'take-data') messages?.piece(piece);
        else handle('p-data');
      },
    },
  );

  return {
    data(chunk) {
      if (state === 'established') timer.refresh();
      try {
        if (state !== 'closed' && state !== 'awaiting-close') reader.push(chunk);
      } catch (error) {
        if (!(error instanceof PduError)) throw error;
        handle('invalid-pdu', undefined, error);
      }
    },
    writable: () => messages?.writable(),
    closed: why => handle('connection-closed', undefined, undefined, why),
    stop() {
      handle('stop');
    },
    get state() {
      return state;
    },
    over: over.promise,
  };
}
