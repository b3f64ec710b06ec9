/** DIMSE command sets: always implicit VR little endian, PS3.7 §6.3.1; fields and statuses of C-STORE and C-ECHO. */

export const commandField = {
  cStoreRq: 0x0001,
  cStoreRsp: 0x8001,
  cEchoRq: 0x0030,
  cEchoRsp: 0x8030,
  cCancelRq: 0x0fff,
} as const;

/** A command set is at most this long; ours and every known one are far below. */
export const maxCommandSetLength = 64 * 1024;

/** CommandDataSetType when no data set follows, PS3.7 §E.1. */
const noDataSet = 0x0101;

export interface CommandSet {
  commandField: number;
  messageId?: number;
  messageIdBeingRespondedTo?: number;
  affectedSopClassUid?: string;
  affectedSopInstanceUid?: string;
  priority?: number;
  /** Whether a data set follows. */
  hasDataSet: boolean;
  status?: number;
  errorComment?: string;
}

type Field = { key: Exclude<keyof CommandSet, 'hasDataSet'>; kind: 'us' | 'ui' | 'lo' };

/** Element number in group 0000, in ascending order, PS3.7 §E.1. */
const fields = new Map<number, Field>([
  [0x0002, { key: 'affectedSopClassUid', kind: 'ui' }],
  [0x0100, { key: 'commandField', kind: 'us' }],
  [0x0110, { key: 'messageId', kind: 'us' }],
  [0x0120, { key: 'messageIdBeingRespondedTo', kind: 'us' }],
  [0x0700, { key: 'priority', kind: 'us' }],
  [0x0900, { key: 'status', kind: 'us' }],
  [0x0902, { key: 'errorComment', kind: 'lo' }],
  [0x1000, { key: 'affectedSopInstanceUid', kind: 'ui' }],
]);
const dataSetType = 0x0800;

/** @throws Error when the bytes are no command set: the association is to be aborted */
export function decodeCommandSet(bytes: Buffer): CommandSet {
  const command: Partial<CommandSet> = { hasDataSet: false };
  let at = 0;
  while (at < bytes.length) {
    if (at + 8 > bytes.length) throw new Error('command set ends inside the head of an element');
    const group = bytes.readUInt16LE(at);
    const element = bytes.readUInt16LE(at + 2);
    const end = at + 8 + bytes.readUInt32LE(at + 4);
    if (group !== 0) throw new Error(`command set holds an element of group ${group.toString(16)}`);
    if (end > bytes.length) throw new Error(`command element ${element.toString(16)} claims more bytes than there are`);
    const value = bytes.subarray(at + 8, end);
    const field = fields.get(element);
    if (element === dataSetType) command.hasDataSet = value.length >= 2 && value.readUInt16LE(0) !== noDataSet;
    else if (field?.kind === 'us' && value.length >= 2) Object.assign(command, { [field.key]: value.readUInt16LE(0) });
    else if (field && field.kind !== 'us') {
      Object.assign(command, { [field.key]: value.toString('latin1').replace(/[\0 ]+$/, '') });
    }
    at = end;
  }
  if (command.commandField === undefined) throw new Error('command set has no CommandField');
  return command as CommandSet;
}

export function encodeCommandSet(command: CommandSet): Buffer {
  const parts: Buffer[] = [];
  const add = (element: number, value: Buffer) => {
    const head = Buffer.alloc(8);
    head.writeUInt16LE(element, 2);
    head.writeUInt32LE(value.length, 4);
    parts.push(head, value);
  };
  const all = [...fields.keys(), dataSetType].sort((a, b) => a - b);
  for (const element of all) {
    const field = fields.get(element);
    if (!field) add(element, us(command.hasDataSet ? 0 : noDataSet));
    else {
      const value = command[field.key];
      if (typeof value === 'number') add(element, us(value));
      else if (typeof value === 'string') add(element, padded(value, field.kind));
    }
  }
  const body = Buffer.concat(parts);
  const groupLength = Buffer.alloc(12);
  groupLength.writeUInt32LE(4, 4);
  groupLength.writeUInt32LE(body.length, 8);
  return Buffer.concat([groupLength, body]);
}

function us(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

/** ErrorComment is an LO: 64 characters, PS3.7 §C.4.2. */
function padded(value: string, kind: Field['kind']): Buffer {
  const bytes = Buffer.from(kind === 'lo' ? value.slice(0, 64) : value, 'latin1');
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(kind === 'ui' ? '\0' : ' ', 'latin1')]);
}

/** The response to a request, PS3.7 §9.3.1.2 and §9.3.5.2. */
export function responseTo(request: CommandSet, status: number, errorComment?: string): CommandSet {
  return {
    commandField: request.commandField | 0x8000,
    messageIdBeingRespondedTo: request.messageId ?? 0,
    affectedSopClassUid: request.affectedSopClassUid,
    affectedSopInstanceUid: request.affectedSopInstanceUid,
    hasDataSet: false,
    status,
    ...(errorComment ? { errorComment } : {}),
  };
}

export const status = {
  success: 0x0000,
  sopClassNotSupported: 0x0122,
  unrecognizedOperation: 0x0211,
  outOfResources: 0xa700,
  dataSetDoesNotMatchSopClass: 0xa900,
  cannotUnderstand: 0xc000,
} as const;

const statusWords: Record<number, string> = {
  0: 'Success',
  261: 'No such attribute',
  262: 'Invalid attribute value',
  272: 'Processing failure',
  273: 'Duplicate SOP instance',
  274: 'No such object instance',
  279: 'Invalid object instance',
  280: 'No such SOP class',
  281: 'Class-instance conflict',
  290: 'SOP class not supported',
  292: 'Not authorized',
  528: 'Duplicate invocation',
  529: 'Unrecognized operation',
  530: 'Mistyped argument',
  531: 'Resource limitation',
  45056: 'Warning: coercion of data elements',
  45062: 'Warning: elements discarded',
  45063: 'Warning: data set does not match SOP class',
  65024: 'Cancelled',
};

/** A C-STORE or C-ECHO status in words, PS3.4 §B.2.3 and PS3.7 Annex C. */
export function statusInWords(code: number): string {
  const known = statusWords[code];
  if (known) return known;
  if ((code & 0xff00) === 0xa700) return 'Refused: out of resources';
  if ((code & 0xff00) === 0xa900) return 'Error: data set does not match SOP class';
  if ((code & 0xf000) === 0xc000) return 'Error: cannot understand';
  if ((code & 0xf000) === 0xb000) return 'Warning';
  return 'Failure';
}
