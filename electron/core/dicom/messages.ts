import {
  type CommandSet,
  commandField,
  decodeCommandSet,
  encodeCommandSet,
  maxCommandSetLength,
  responseTo,
  status,
} from './command-set.ts';
import { abortReason, PduError, type PdvPiece } from './pdu.ts';
import { encodePData } from './pdu-encode.ts';
import type { IncomingObject, Receiving, StoreAnswer } from './reception.ts';

/** Puts the pieces of an association together to DIMSE messages, and answers them. */
export interface MessageReader {
  /** @throws PduError when the peer breaks the protocol */
  piece(piece: PdvPiece): void;
  /** The connection can take bytes again. */
  writable(): void;
  /** Objects that are whole, but not answered yet. */
  readonly waiting: number;
  /** Drops the object that is not whole; no further answers are sent. */
  discard(): void;
  /** Settles when nothing is waiting any more. */
  settledAll(): Promise<void>;
  /** What was received, for one log line. */
  inWords(): string;
}

interface Needs {
  /** Accepted presentation contexts: id to transfer syntax. */
  accepted: ReadonlyMap<number, string>;
  peerMaxPduLength: number;
  receiving: Receiving;
  transport: { write(bytes: Buffer): boolean; pause(): void; resume(): void };
  /** Everything that was waiting is answered. */
  settled(): void;
}

/** A sender that does not wait for answers is read no further than this many objects ahead. */
const mostWaiting = 16;

type Open = { contextId: number; command: CommandSet; object: IncomingObject | undefined };
const invalid = (what: string) => new PduError(abortReason.invalidParameterValue, what);
const unexpected = (what: string) => new PduError(abortReason.unexpectedParameter, what);

export function createMessageReader({
  accepted,
  peerMaxPduLength,
  receiving,
  transport,
  settled,
}: Needs): MessageReader {
  const counts = { stored: 0, duplicate: 0, conflict: 0, refused: 0, echo: 0 };
  let commandParts: Buffer[] = [];
  let commandBytes = 0;
  let commandContext = 0;
  let open: Open | undefined;
  let waiting = 0;
  let ended = false;
  /** Reasons not to read: the disk is behind, the peer does not read, too many are waiting. */
  const holds = new Set<'disk' | 'peer' | 'waiting'>();
  let allSettled = Promise.withResolvers<void>();

  function hold(reason: 'disk' | 'peer' | 'waiting') {
    if (holds.size === 0) transport.pause();
    holds.add(reason);
  }
  function letGo(reason: 'disk' | 'peer' | 'waiting') {
    if (holds.delete(reason) && holds.size === 0) transport.resume();
  }

  function answer(contextId: number, request: CommandSet, code: number, comment?: string) {
    if (ended) return;
    const bytes = encodePData(contextId, true, encodeCommandSet(responseTo(request, code, comment)), peerMaxPduLength);
    if (!transport.write(bytes)) hold('peer');
  }

  function commandPiece({ contextId, last, data }: PdvPiece) {
    if (open) throw unexpected('a command came inside a data set');
    if (commandParts.length > 0 && contextId !== commandContext)
      throw unexpected('a command changed its presentation context');
    commandContext = contextId;
    commandBytes += data.length;
    if (commandBytes > maxCommandSetLength) throw invalid(`a command set is longer than ${maxCommandSetLength} bytes`);
    // A copy, for the pieces may be tiny views into large chunks.
    commandParts.push(Buffer.from(data));
    if (!last) return;
    const bytes = Buffer.concat(commandParts);
    commandParts = [];
    commandBytes = 0;
    begin(contextId, bytes);
  }

  function begin(contextId: number, bytes: Buffer) {
    let command: CommandSet;
    try {
      command = decodeCommandSet(bytes);
    } catch (error) {
      throw invalid((error as Error).message);
    }
    const { commandField: field, hasDataSet } = command;
    const isStore = field === commandField.cStoreRq;
    if (isStore && !hasDataSet)
      return answer(contextId, command, status.cannotUnderstand, 'C-STORE without a data set');
    if (hasDataSet) {
      open = { contextId, command, object: isStore ? beginStore(contextId, command) : undefined };
      return;
    }
    withoutDataSet(contextId, command);
  }

  function beginStore(contextId: number, command: CommandSet): IncomingObject {
    return receiving.begin(
      {
        sopClassUid: command.affectedSopClassUid ?? '',
        sopInstanceUid: command.affectedSopInstanceUid ?? '',
        transferSyntaxUid: accepted.get(contextId) as string,
      },
      () => letGo('disk'),
    );
  }

  function withoutDataSet(contextId: number, command: CommandSet) {
    if (command.commandField === commandField.cEchoRq) {
      counts.echo++;
      answer(contextId, command, status.success);
    } else if (command.commandField & 0x8000) throw unexpected('a response came that nobody asked for');
    else if (command.commandField !== commandField.cCancelRq) answer(contextId, command, status.unrecognizedOperation);
  }

  function dataPiece({ contextId, last, data }: PdvPiece) {
    if (!open || open.contextId !== contextId) throw unexpected('a data set came without its command');
    const { command, object } = open;
    if (object && data.length > 0 && !object.write(data)) hold('disk');
    if (!last) return;
    open = undefined;
    letGo('disk');
    if (!object) return withoutDataSet(contextId, command);
    waiting++;
    if (waiting >= mostWaiting) hold('waiting');
    void object.finish().then(stored => finished(contextId, command, stored));
  }

  function finished(contextId: number, command: CommandSet, stored: StoreAnswer) {
    waiting--;
    counts[stored.outcome]++;
    answer(contextId, command, stored.status, stored.comment);
    letGo('waiting');
    if (waiting > 0) return;
    allSettled.resolve();
    allSettled = Promise.withResolvers();
    settled();
  }

  return {
    piece(piece) {
      if (ended) return;
      if (!accepted.has(piece.contextId)) throw invalid(`presentation context ${piece.contextId} was not accepted`);
      if (piece.command) commandPiece(piece);
      else dataPiece(piece);
    },
    writable: () => letGo('peer'),
    get waiting() {
      return waiting;
    },
    discard() {
      ended = true;
      open?.object?.discard();
      open = undefined;
    },
    settledAll: () => (waiting === 0 ? Promise.resolve() : allSettled.promise),
    inWords: () =>
      `${counts.stored} stored, ${counts.duplicate} duplicates, ${counts.conflict} conflicts, ${counts.refused} refused` +
      (counts.echo > 0 ? `, ${counts.echo} echoes` : ''),
  };
}
