import { connect, type Socket } from 'node:net';
import {
  type CommandSet,
  commandField,
  decodeCommandSet,
  encodeCommandSet,
} from '../../electron/core/dicom/command-set.ts';
import {
  type AssociateRq,
  type ControlPdu,
  dicomApplicationContext,
  type ProposedContext,
} from '../../electron/core/dicom/pdu.ts';
import { encodePData, encodePdu } from '../../electron/core/dicom/pdu-encode.ts';
import { createPduReader } from '../../electron/core/dicom/pdu-reader.ts';

/** A DICOM peer that does exactly what a test says, also what no real peer would do. */
export interface ScriptedPeer {
  socket: Socket;
  send(bytes: Buffer): void;
  /** The next PDU or command, at most 10 s; 'closed' when the connection is over. */
  next(): Promise<ControlPdu | CommandSet | 'closed'>;
  associate(contexts: ProposedContext[], more?: Partial<AssociateRq>): Promise<ControlPdu | CommandSet | 'closed'>;
  /** Sends a C-STORE and waits for its response. */
  store(contextId: number, instance: StoredBytes): Promise<ControlPdu | CommandSet | 'closed'>;
  release(): Promise<void>;
  close(): void;
}

export interface StoredBytes {
  sopClassUid: string;
  sopInstanceUid: string;
  dataSet: Buffer;
}

export const request = (contexts: ProposedContext[], more: Partial<AssociateRq> = {}): AssociateRq => ({
  type: 'associate-rq',
  protocolVersion: 1,
  calledAe: 'GANTRY',
  callingAe: 'SCRIPTED',
  applicationContext: dicomApplicationContext,
  contexts,
  user: { maxPduLength: 65536, implementationClassUid: '2.25.1' },
  ...more,
});

export const storeRequest = (sopClassUid: string, sopInstanceUid: string, messageId = 1): Buffer =>
  encodeCommandSet({
    commandField: commandField.cStoreRq,
    messageId,
    priority: 0,
    affectedSopClassUid: sopClassUid,
    affectedSopInstanceUid: sopInstanceUid,
    hasDataSet: true,
  });

export async function scriptedPeer(port: number): Promise<ScriptedPeer> {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  const came: (ControlPdu | CommandSet | 'closed')[] = [];
  let wake = () => {};
  const tell = (item: ControlPdu | CommandSet | 'closed') => {
    came.push(item);
    wake();
  };
  let command: Buffer[] = [];
  const reader = createPduReader(
    { maxPduLength: 65536 },
    {
      pdu: tell,
      piece({ last, data }) {
        command.push(Buffer.from(data));
        if (!last) return;
        tell(decodeCommandSet(Buffer.concat(command)));
        command = [];
      },
    },
  );
  socket.on('data', chunk => reader.push(chunk));
  socket.on('error', () => {});
  socket.on('close', () => tell('closed'));
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));

  const send = (bytes: Buffer) => void socket.write(bytes);
  async function next() {
    const until = Date.now() + 10_000;
    while (came.length === 0) {
      if (Date.now() > until) throw new Error('no answer within 10 s');
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, 10_000);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return came.shift() as ControlPdu | CommandSet | 'closed';
  }
  return {
    socket,
    send,
    next,
    associate(contexts, more) {
      send(encodePdu(request(contexts, more)));
      return next();
    },
    store(contextId, { sopClassUid, sopInstanceUid, dataSet }) {
      send(encodePData(contextId, true, storeRequest(sopClassUid, sopInstanceUid), 65536));
      for (let at = 0; at < Math.max(1, dataSet.length); at += 65530) {
        const last = at + 65530 >= dataSet.length;
        const fragment = dataSet.subarray(at, at + 65530);
        const pdu = encodePData(contextId, false, fragment, 0);
        if (!last) pdu[11] = 0;
        send(pdu);
      }
      return next();
    },
    async release() {
      send(encodePdu({ type: 'release-rq' }));
      await next();
      socket.destroy();
    },
    close: () => void socket.destroy(),
  };
}
