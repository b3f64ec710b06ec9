/** What travels on an association, PS3.8 §9.3. Numbers are those of the standard; `decode` and `encode` serve both roles. */

export const pduType = {
  associateRq: 0x01,
  associateAc: 0x02,
  associateRj: 0x03,
  pDataTf: 0x04,
  releaseRq: 0x05,
  releaseRp: 0x06,
  abort: 0x07,
} as const;

/** The only application context there is, PS3.7 §A.2.1. */
export const dicomApplicationContext = '1.2.840.10008.3.1.1.1';

export interface ProposedContext {
  /** Odd, 1 to 255. */
  id: number;
  abstractSyntax: string;
  transferSyntaxes: string[];
}

/** Answer to a proposed presentation context, PS3.8 §9.3.3.2. */
export interface AnsweredContext {
  id: number;
  result: number;
  /** Significant only when accepted. */
  transferSyntax: string;
}

export const contextResult = {
  acceptance: 0,
  userRejection: 1,
  noReason: 2,
  abstractSyntaxNotSupported: 3,
  transferSyntaxesNotSupported: 4,
} as const;

/** User information item, PS3.8 §9.3.2.3 and PS3.7 Annex D.3.3. */
export interface UserInformation {
  /** Largest P-DATA-TF this side accepts, in bytes of its variable field; 0 is no limit. */
  maxPduLength: number;
  implementationClassUid: string;
  implementationVersionName?: string;
  asynchronousOperations?: { invoked: number; performed: number };
  roles?: { sopClassUid: string; scu: boolean; scp: boolean }[];
  extended?: { sopClassUid: string; data: Buffer }[];
  /** User identity of a request: its type and fields as they came (PS3.7 §D.3.3.7). */
  identity?: { type: number; responseRequested: boolean; primary: Buffer; secondary: Buffer };
}

interface AssociateCommon {
  protocolVersion: number;
  calledAe: string;
  callingAe: string;
  applicationContext: string;
  user: UserInformation;
}
export interface AssociateRq extends AssociateCommon {
  type: 'associate-rq';
  contexts: ProposedContext[];
}
export interface AssociateAc extends AssociateCommon {
  type: 'associate-ac';
  contexts: AnsweredContext[];
}
/** Result, source and reason as in PS3.8 §9.3.4. */
export interface AssociateRj {
  type: 'associate-rj';
  result: number;
  source: number;
  reason: number;
}
export interface ReleaseRq {
  type: 'release-rq';
}
export interface ReleaseRp {
  type: 'release-rp';
}
/** Source 0 is the service user, 2 the service provider, PS3.8 §9.3.8. */
export interface Abort {
  type: 'abort';
  source: number;
  reason: number;
}
/** Every PDU but P-DATA-TF, whose values are handed over piece by piece. */
export type ControlPdu = AssociateRq | AssociateAc | AssociateRj | ReleaseRq | ReleaseRp | Abort;

/** A piece of a presentation data value: a long one comes in several pieces, as the bytes arrive. */
export interface PdvPiece {
  contextId: number;
  command: boolean;
  /** Last piece of the last fragment of the command or data set. */
  last: boolean;
  /** A view into the received chunk: copy it, or be done with it, before long. */
  data: Buffer;
}

export const abortReason = {
  notSpecified: 0,
  unrecognizedPdu: 1,
  unexpectedPdu: 2,
  unrecognizedParameter: 4,
  unexpectedParameter: 5,
  invalidParameterValue: 6,
} as const;

const abortReasonWords: Record<number, string> = {
  0: 'reason not specified',
  1: 'unrecognized PDU',
  2: 'unexpected PDU',
  4: 'unrecognized PDU parameter',
  5: 'unexpected PDU parameter',
  6: 'invalid PDU parameter value',
};

/** An abort in words, e.g. for a log line or a problem. */
export function abortInWords({ source, reason }: { source: number; reason: number }): string {
  if (source === 0) return 'aborted by the application of the peer';
  return `aborted by the DICOM layer of the peer: ${abortReasonWords[reason] ?? `reason ${reason}`}`;
}

export const rejection = {
  applicationContext: { result: 1, source: 1, reason: 2 },
  callingAe: { result: 1, source: 1, reason: 3 },
  calledAe: { result: 1, source: 1, reason: 7 },
  protocolVersion: { result: 1, source: 2, reason: 2 },
  temporaryCongestion: { result: 2, source: 3, reason: 1 },
  localLimit: { result: 2, source: 3, reason: 2 },
} as const;

const rejectionWords: Record<string, string> = {
  '1.1': 'no reason given',
  '1.2': 'application context not supported',
  '1.3': 'calling AE title not recognized',
  '1.7': 'called AE title not recognized',
  '2.1': 'no reason given by its association layer',
  '2.2': 'protocol version not supported',
  '3.1': 'temporary congestion',
  '3.2': 'local limit exceeded',
};

/** A rejection in words, PS3.8 table 9-21. */
export function rejectionInWords({ result, source, reason }: Omit<AssociateRj, 'type'>): string {
  const words = rejectionWords[`${source}.${reason}`] ?? `source ${source}, reason ${reason}`;
  return `${words} (${result === 2 ? 'transient' : 'permanent'})`;
}

/** The other side broke the protocol; carries what the A-ABORT has to say. */
export class PduError extends Error {
  override name = 'PduError';
  readonly reason: number;
  constructor(reason: number, message: string) {
    super(message);
    this.reason = reason;
  }
}
