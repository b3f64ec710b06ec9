import { abortReason, type ControlPdu, PduError, type PdvPiece, pduType } from './pdu.ts';
import { decodePdu } from './pdu-decode.ts';

/** Cuts the byte stream of a socket into PDUs. Nothing is ever allocated from a declared length. */
export interface PduReader {
  /** Hands everything in the chunk to the sink, in order. @throws PduError: the association is to be aborted */
  push(chunk: Buffer): void;
  /** Bytes of control PDUs held back until they are whole. */
  readonly heldBytes: number;
}

export interface PduSink {
  pdu(pdu: ControlPdu): void;
  piece(piece: PdvPiece): void;
}

interface Limits {
  /** What this side announced as its maximum length, PS3.8 §D.1. */
  maxPduLength: number;
  /** Most bytes of an A-ASSOCIATE PDU; 1 MB by default. */
  maxAssociateLength?: number;
}

/** RJ, RELEASE and ABORT have 4 bytes; longer ones are no such PDU. */
const maxShortLength = 4;

export function createPduReader({ maxPduLength, maxAssociateLength = 2 ** 20 }: Limits, sink: PduSink): PduReader {
  const head = Buffer.alloc(6);
  let headFill = 0;
  let type = 0;
  /** Bytes of the PDU that have not come yet. */
  let left = 0;
  let held = Buffer.alloc(0);
  let heldBytes = 0;
  const pdvHead = Buffer.alloc(6);
  let pdvHeadFill = 0;
  /** Bytes of the open PDV's fragment that have not come yet; -1 when its head is still to come. */
  let pdvLeft = -1;

  function startPdu() {
    type = head[0] as number;
    left = head.readUInt32BE(2);
    if (type < pduType.associateRq || type > pduType.abort) {
      throw new PduError(abortReason.unrecognizedPdu, `PDU type 0x${type.toString(16).padStart(2, '0')} is unknown`);
    }
    const most =
      type === pduType.pDataTf ? maxPduLength : type <= pduType.associateAc ? maxAssociateLength : maxShortLength;
    if (left > most) {
      throw new PduError(
        abortReason.invalidParameterValue,
        `PDU of type ${type} claims ${left} bytes; the limit is ${most}`,
      );
    }
    if (type === pduType.pDataTf && left < 6) {
      throw new PduError(
        abortReason.invalidParameterValue,
        `P-DATA-TF of ${left} bytes holds no presentation data value`,
      );
    }
  }

  /** The room for a held PDU doubles as its bytes come. */
  function hold(bytes: Buffer) {
    if (heldBytes + bytes.length > held.length) {
      const larger = Buffer.allocUnsafe(Math.max(256, 2 * (heldBytes + bytes.length)));
      held.copy(larger, 0, 0, heldBytes);
      held = larger;
    }
    bytes.copy(held, heldBytes);
    heldBytes += bytes.length;
  }

  function controlBytes(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + left);
    hold(chunk.subarray(at, end));
    left -= end - at;
    if (left === 0) {
      const body = held.subarray(0, heldBytes);
      held = Buffer.alloc(0);
      heldBytes = 0;
      headFill = 0;
      sink.pdu(decodePdu(type, body));
    }
    return end;
  }

  function startPdv() {
    const length = pdvHead.readUInt32BE(0);
    if (length < 2 || length - 2 > left) {
      throw new PduError(
        abortReason.invalidParameterValue,
        `presentation data value claims ${length} bytes; its PDU has ${left + 2}`,
      );
    }
    pdvLeft = length - 2;
    if (pdvLeft === 0) endPdv(Buffer.alloc(0));
  }

  function endPdv(data: Buffer) {
    pdvLeft = -1;
    pdvHeadFill = 0;
    const control = pdvHead[5] as number;
    sink.piece({ contextId: pdvHead[4] as number, command: (control & 1) === 1, last: (control & 2) === 2, data });
  }

  function dataBytes(chunk: Buffer, start: number): number {
    let at = start;
    if (pdvLeft === -1) {
      while (pdvHeadFill < 6 && at < chunk.length && left > 0) {
        pdvHead[pdvHeadFill++] = chunk[at++] as number;
        left--;
      }
      if (pdvHeadFill === 6) startPdv();
      else if (left === 0)
        throw new PduError(abortReason.invalidParameterValue, 'P-DATA-TF ends inside the head of a value');
    } else {
      const end = Math.min(chunk.length, at + pdvLeft);
      const data = chunk.subarray(at, end);
      pdvLeft -= data.length;
      left -= data.length;
      at = end;
      if (pdvLeft === 0) endPdv(data);
      else
        sink.piece({ contextId: pdvHead[4] as number, command: ((pdvHead[5] as number) & 1) === 1, last: false, data });
    }
    if (left === 0 && pdvLeft === -1 && pdvHeadFill === 0) headFill = 0;
    return at;
  }

  return {
    get heldBytes() {
      return heldBytes;
    },
    push(chunk) {
      let at = 0;
      while (at < chunk.length) {
        if (headFill < 6) {
          while (headFill < 6 && at < chunk.length) head[headFill++] = chunk[at++] as number;
          if (headFill < 6) return;
          startPdu();
          if (left === 0) controlBytes(chunk, at);
        } else at = type === pduType.pDataTf ? dataBytes(chunk, at) : controlBytes(chunk, at);
      }
    },
  };
}
