import {
  type AnsweredContext,
  abortReason,
  type ControlPdu,
  PduError,
  type ProposedContext,
  pduType,
  type UserInformation,
} from './pdu.ts';

/**
 * A PDU other than P-DATA-TF from its body (the bytes after the 6-byte head).
 *
 * Items of unknown type are skipped (PS3.8 §9.3.1); reserved bytes are not tested.
 * @throws PduError for an unknown type and for lengths that do not fit
 */
export function decodePdu(type: number, body: Buffer): ControlPdu {
  switch (type) {
    case pduType.associateRq:
      return { type: 'associate-rq', ...associate(body, 0x20, proposedContext) };
    case pduType.associateAc:
      return { type: 'associate-ac', ...associate(body, 0x21, answeredContext) };
    case pduType.associateRj:
      return { type: 'associate-rj', result: byte(body, 1), source: byte(body, 2), reason: byte(body, 3) };
    case pduType.releaseRq:
      return { type: 'release-rq' };
    case pduType.releaseRp:
      return { type: 'release-rp' };
    case pduType.abort:
      return { type: 'abort', source: byte(body, 2), reason: byte(body, 3) };
    default:
      throw new PduError(abortReason.unrecognizedPdu, `PDU type ${hex(type)} is unknown`);
  }
}

const hex = (value: number) => `0x${value.toString(16).padStart(2, '0')}`;
const invalid = (what: string) => new PduError(abortReason.invalidParameterValue, what);

function byte(body: Buffer, offset: number): number {
  const value = body[offset];
  if (value === undefined) throw invalid(`PDU ends at byte ${body.length}`);
  return value;
}

function u16(bytes: Buffer, offset: number, what: string): number {
  if (offset + 2 > bytes.length) throw invalid(`${what} is cut short`);
  return bytes.readUInt16BE(offset);
}

/** UIDs come unpadded (PS3.8 Annex F), but some senders pad them all the same. */
const uid = (bytes: Buffer) => bytes.toString('latin1').replace(/[\0 ]+$/, '');
const title = (bytes: Buffer) => bytes.toString('latin1').replaceAll('\0', ' ').trim();

interface Item {
  type: number;
  value: Buffer;
}

function* items(bytes: Buffer): Generator<Item> {
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) throw invalid(`item head at byte ${at} is cut short`);
    const type = byte(bytes, at);
    const end = at + 4 + bytes.readUInt16BE(at + 2);
    if (end > bytes.length) throw invalid(`item ${hex(type)} claims more bytes than its PDU has`);
    yield { type, value: bytes.subarray(at + 4, end) };
    at = end;
  }
}

function associate<C>(body: Buffer, contextType: number, context: (value: Buffer) => C) {
  if (body.length < 68) throw invalid(`A-ASSOCIATE has ${body.length} bytes, fewer than its fixed part`);
  const contexts: C[] = [];
  let applicationContext = '';
  let user: UserInformation = { maxPduLength: 0, implementationClassUid: '' };
  for (const { type, value } of items(body.subarray(68))) {
    if (type === 0x10) applicationContext = uid(value);
    else if (type === contextType) contexts.push(context(value));
    else if (type === 0x50) user = userInformation(value);
  }
  return {
    protocolVersion: body.readUInt16BE(0),
    calledAe: title(body.subarray(4, 20)),
    callingAe: title(body.subarray(20, 36)),
    applicationContext,
    contexts,
    user,
  };
}

function proposedContext(value: Buffer): ProposedContext {
  const context: ProposedContext = { id: byte(value, 0), abstractSyntax: '', transferSyntaxes: [] };
  if (context.id % 2 === 0) throw invalid(`presentation context id ${context.id} is not odd`);
  for (const sub of items(value.subarray(4))) {
    if (sub.type === 0x30) context.abstractSyntax = uid(sub.value);
    else if (sub.type === 0x40) context.transferSyntaxes.push(uid(sub.value));
  }
  return context;
}

function answeredContext(value: Buffer): AnsweredContext {
  const context: AnsweredContext = { id: byte(value, 0), result: byte(value, 2), transferSyntax: '' };
  for (const sub of items(value.subarray(4))) if (sub.type === 0x40) context.transferSyntax = uid(sub.value);
  return context;
}

function userInformation(value: Buffer): UserInformation {
  const user: UserInformation = { maxPduLength: 0, implementationClassUid: '' };
  for (const { type, value: sub } of items(value)) {
    if (type === 0x51) {
      if (sub.length < 4) throw invalid('maximum length item is cut short');
      user.maxPduLength = sub.readUInt32BE(0);
    } else if (type === 0x52) user.implementationClassUid = uid(sub);
    else if (type === 0x53) {
      user.asynchronousOperations = {
        invoked: u16(sub, 0, 'operations window'),
        performed: u16(sub, 2, 'operations window'),
      };
    } else if (type === 0x54) {
      const [sopClass, rest] = lengthAnd(sub, 'role selection');
      user.roles ??= [];
      user.roles.push({ sopClassUid: uid(sopClass), scu: byte(rest, 0) === 1, scp: byte(rest, 1) === 1 });
    } else if (type === 0x55) user.implementationVersionName = title(sub);
    else if (type === 0x56) {
      const [sopClass, data] = lengthAnd(sub, 'extended negotiation');
      user.extended ??= [];
      user.extended.push({ sopClassUid: uid(sopClass), data });
    } else if (type === 0x58) {
      const [primary, rest] = lengthAnd(sub.subarray(2), 'user identity');
      const [secondary] = lengthAnd(rest, 'user identity');
      user.identity = { type: byte(sub, 0), responseRequested: byte(sub, 1) === 1, primary, secondary };
    }
  }
  return user;
}

/** A field with its own 16-bit length, and what follows it. */
function lengthAnd(bytes: Buffer, what: string): [Buffer, Buffer] {
  const end = 2 + u16(bytes, 0, what);
  if (end > bytes.length) throw invalid(`${what} is cut short`);
  return [bytes.subarray(2, end), bytes.subarray(end)];
}
