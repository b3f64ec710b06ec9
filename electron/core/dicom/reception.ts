/** What the listener needs from whoever stores: the inbox, which stands above this room and is handed in. */

export type AssociationOutcome = 'released' | 'aborted' | 'timed-out' | 'lost' | 'imported';

export interface AssociationPeer {
  callingAe: string;
  calledAe: string;
  host: string;
  port: number;
  tls: boolean;
  /** Set when the instances do not come over the network: from files, for this import. */
  import?: { id: number /** Whether flows consider what it brings. */; evaluate: boolean };
}

export interface AssociationInfo extends AssociationPeer {
  id: number;
}

export interface Reception {
  /** An association was accepted. */
  associated(peer: AssociationPeer): Receiving;
}

/** The receiving end of one association. */
export interface Receiving {
  /** A C-STORE begins. @param resume called when `write` had answered false and there is room again */
  begin(announced: AnnouncedInstance, resume: () => void): IncomingObject;
  /** Every object is answered or discarded, and no more will come. */
  ended(outcome: AssociationOutcome, reason: string | null): void;
}

/** What the C-STORE-RQ and its presentation context say. */
export interface AnnouncedInstance {
  sopClassUid: string;
  sopInstanceUid: string;
  transferSyntaxUid: string;
}

export interface IncomingObject {
  /** The next bytes of the data set. @returns false when the caller should stop until `resume` */
  write(data: Buffer): boolean;
  /** The data set is whole: answers when it is durable and indexed, or why it is not. Never rejects. */
  finish(): Promise<StoreAnswer>;
  /** The association ended inside the object. */
  discard(): void;
}

export interface StoreAnswer {
  /** C-STORE status, PS3.4 §B.2.3. */
  status: number;
  /** At most 64 characters; present when the status is not success. */
  comment?: string;
  outcome: 'stored' | 'duplicate' | 'conflict' | 'refused';
}
