import {
  type AnsweredContext,
  type AssociateAc,
  type AssociateRq,
  type ControlPdu,
  type ProposedContext,
  pduType,
  type UserInformation,
} from './pdu.ts';

/** One whole PDU, ready for one write. */
export function encodePdu(pdu: ControlPdu): Buffer {
  switch (pdu.type) {
    case 'associate-rq':
      return framed(pduType.associateRq, associateBody(pdu, pdu.contexts.map(proposedItem)));
    case 'associate-ac':
      return framed(pduType.associateAc, associateBody(pdu, pdu.contexts.map(answeredItem)));
    case 'associate-rj':
      return framed(pduType.associateRj, Buffer.from([0, pdu.result, pdu.source, pdu.reason]));
    case 'release-rq':
      return framed(pduType.releaseRq, Buffer.alloc(4));
    case 'release-rp':
      return framed(pduType.releaseRp, Buffer.alloc(4));
    case 'abort':
      return framed(pduType.abort, Buffer.from([0, 0, pdu.source, pdu.reason]));
  }
}

/** Bytes of a P-DATA-TF before its fragment: PDU head and PDV head, PS3.8 §9.3.5. */
export const pDataHeadLength = 12;

/**
 * The head of a P-DATA-TF that carries one fragment of `length` bytes; write the fragment right behind it.
 * `length` must not exceed the peer's maxPduLength - 6.
 */
export function encodePDataHead(contextId: number, command: boolean, last: boolean, length: number): Buffer {
  const head = Buffer.allocUnsafe(pDataHeadLength);
  head[0] = pduType.pDataTf;
  head[1] = 0;
  head.writeUInt32BE(length + 6, 2);
  head.writeUInt32BE(length + 2, 6);
  head[10] = contextId;
  head[11] = (command ? 1 : 0) | (last ? 2 : 0);
  return head;
}

/** A whole command or data set as P-DATA-TFs in one buffer; for what is small, such as commands. */
export function encodePData(contextId: number, command: boolean, value: Buffer, maxPduLength: number): Buffer {
  const most = maxPduLength === 0 ? Math.max(value.length, 1) : Math.max(maxPduLength - 6, 2);
  const parts: Buffer[] = [];
  let from = 0;
  do {
    const fragment = value.subarray(from, from + most);
    from += fragment.length;
    parts.push(encodePDataHead(contextId, command, from >= value.length, fragment.length), fragment);
  } while (from < value.length);
  return Buffer.concat(parts);
}

function framed(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(6);
  head[0] = type;
  head.writeUInt32BE(body.length, 2);
  return Buffer.concat([head, body]);
}

function associateBody(pdu: AssociateRq | AssociateAc, contexts: Buffer[]): Buffer {
  const fixed = Buffer.alloc(68);
  fixed.writeUInt16BE(pdu.protocolVersion, 0);
  fixed.write(pdu.calledAe.slice(0, 16).padEnd(16, ' '), 4, 'latin1');
  fixed.write(pdu.callingAe.slice(0, 16).padEnd(16, ' '), 20, 'latin1');
  return Buffer.concat([fixed, item(0x10, text(pdu.applicationContext)), ...contexts, userItem(pdu.user)]);
}

function item(type: number, ...parts: Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const head = Buffer.alloc(4);
  head[0] = type;
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value]);
}

const text = (value: string) => Buffer.from(value, 'latin1');
const withLength = (value: Buffer) => Buffer.concat([u16(value.length), value]);
function u16(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2);
  return bytes;
}

const proposedItem = (context: ProposedContext) =>
  item(
    0x20,
    Buffer.from([context.id, 0, 0, 0]),
    item(0x30, text(context.abstractSyntax)),
    ...context.transferSyntaxes.map(uid => item(0x40, text(uid))),
  );

const answeredItem = (context: AnsweredContext) =>
  item(0x21, Buffer.from([context.id, 0, context.result, 0]), item(0x40, text(context.transferSyntax)));

function userItem(user: UserInformation): Buffer {
  const max = Buffer.alloc(4);
  max.writeUInt32BE(user.maxPduLength);
  const parts = [item(0x51, max), item(0x52, text(user.implementationClassUid))];
  const window = user.asynchronousOperations;
  if (window) parts.push(item(0x53, u16(window.invoked, window.performed)));
  for (const { sopClassUid, scu, scp } of user.roles ?? []) {
    parts.push(item(0x54, withLength(text(sopClassUid)), Buffer.from([scu ? 1 : 0, scp ? 1 : 0])));
  }
  if (user.implementationVersionName) parts.push(item(0x55, text(user.implementationVersionName)));
  for (const { sopClassUid, data } of user.extended ?? []) {
    parts.push(item(0x56, withLength(text(sopClassUid)), data));
  }
  const identity = user.identity;
  if (identity) {
    const kind = Buffer.from([identity.type, identity.responseRequested ? 1 : 0]);
    parts.push(item(0x58, kind, withLength(identity.primary), withLength(identity.secondary)));
  }
  return item(0x50, ...parts);
}
