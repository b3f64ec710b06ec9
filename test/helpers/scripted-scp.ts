import { createServer, type Server, type Socket } from 'node:net';
import {
  type CommandSet,
  decodeCommandSet,
  encodeCommandSet,
  responseTo,
} from '../../electron/core/dicom/command-set.ts';
import { type AssociateRq, type ControlPdu, contextResult } from '../../electron/core/dicom/pdu.ts';
import { encodePData, encodePdu } from '../../electron/core/dicom/pdu-encode.ts';
import { createPduReader } from '../../electron/core/dicom/pdu-reader.ts';

/** What one C-STORE or C-ECHO gets: a status, or something worse. */
export type Reply =
  | number
  | 'hang'
  | 'abort'
  | 'drop'
  | 'nonsense'
  | 'wrong-message'
  | 'release'
  | 'early-success'
  | { bytes: Buffer };

export interface Script {
  /** Instead of accepting. */
  reject?: { result: number; source: number; reason: number };
  /** Answers nothing at all to the request for an association. */
  mute?: boolean;
  maxPduLength?: number;
  /** Transfer syntax answered for a context; null refuses it. */
  context?: (proposed: AssociateRq['contexts'][number]) => string | null;
  /** For the nth message of the whole life of this peer, from 0. */
  reply?: (index: number, command: CommandSet) => Reply;
  /** Every message is answered so much later. */
  delayMs?: number;
  /** Does not answer A-RELEASE-RQ. */
  neverReleases?: boolean;
}

export interface Received {
  command: CommandSet;
  dataSet: Buffer;
  contextId: number;
}

export interface ScriptedScp {
  port: number;
  script: Script;
  received: Received[];
  /** Requests for associations, in order. */
  requests: AssociateRq[];
  /** Longest P-DATA-TF that came, without its head of 6 bytes. */
  longestPdu(): number;
  /** How associations ended on this side. */
  ends: ('release' | 'abort' | 'close')[];
  /** Most associations at once. */
  mostAtOnce(): number;
  stop(): Promise<void>;
}

/** A peer that does what the test says; only for what no real one can be made to do. */
export async function startScriptedScp(script: Script = {}): Promise<ScriptedScp> {
  const sockets = new Set<Socket>();
  const peer = {
    port: 0,
    script,
    received: [] as Received[],
    requests: [] as AssociateRq[],
    ends: [] as ScriptedScp['ends'],
  };
  let longest = 0;
  let most = 0;
  let openNow = 0;
  let count = 0;
  const server = createServer(socket => {
    sockets.add(socket);
    most = Math.max(most, ++openNow);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      if (!ended) peer.ends.push('close');
      if (!ended) openNow--;
    });
    let ended = false;
    let requestorsMax = 16384;
    let command: Buffer[] = [];
    let dataSet: Buffer[] = [];
    let open: CommandSet | null = null;
    const ending = (how: 'release' | 'abort') => {
      if (!ended) peer.ends.push(how);
      if (!ended) openNow--;
      ended = true;
    };
    const respond = (contextId: number, request: CommandSet, status: number, messageId = request.messageId) => {
      const response = { ...responseTo(request, status), messageIdBeingRespondedTo: messageId };
      socket.write(encodePData(contextId, true, encodeCommandSet(response), requestorsMax));
    };
    const reply = (contextId: number, request: CommandSet) => {
      const what = peer.script.reply?.(count++, request) ?? 0;
      if (typeof what === 'number') return respond(contextId, request, what);
      if (typeof what === 'object') return void socket.write(what.bytes);
      if (what === 'abort') return void socket.end(encodePdu({ type: 'abort', source: 2, reason: 1 }));
      if (what === 'drop') return void socket.destroy();
      if (what === 'nonsense') return void socket.write(Buffer.alloc(100, 0xee));
      if (what === 'wrong-message') return respond(contextId, request, 0, ((request.messageId ?? 0) + 1) & 0xffff);
      if (what === 'release') return void socket.write(encodePdu({ type: 'release-rq' }));
    };
    const pdu = (pdu: ControlPdu) => {
      if (pdu.type === 'release-rq') {
        ending('release');
        if (!peer.script.neverReleases) socket.end(encodePdu({ type: 'release-rp' }));
      } else if (pdu.type === 'abort') ending('abort');
      else if (pdu.type === 'associate-rq') {
        peer.requests.push(pdu);
        const { reject, mute, maxPduLength = 16384, context } = peer.script;
        if (mute) return;
        if (reject) return void socket.end(encodePdu({ type: 'associate-rj', ...reject }));
        requestorsMax = pdu.user.maxPduLength;
        const contexts = pdu.contexts.map(proposed => {
          const syntax = context ? context(proposed) : (proposed.transferSyntaxes[0] ?? '');
          return syntax === null
            ? { id: proposed.id, result: contextResult.transferSyntaxesNotSupported, transferSyntax: '' }
            : { id: proposed.id, result: contextResult.acceptance, transferSyntax: syntax };
        });
        const user = { maxPduLength, implementationClassUid: '2.25.2' };
        socket.write(encodePdu({ ...pdu, type: 'associate-ac', contexts, user }));
      }
    };
    const reader = createPduReader(
      { maxPduLength: 2 ** 31 },
      {
        pdu,
        piece(piece) {
          if (piece.command) {
            command.push(Buffer.from(piece.data));
            if (!piece.last) return;
            open = decodeCommandSet(Buffer.concat(command));
            command = [];
            if (!open.hasDataSet) return reply(piece.contextId, open);
            if (peer.script.reply?.(count, open) === 'early-success') respond(piece.contextId, open, 0);
            return;
          }
          dataSet.push(Buffer.from(piece.data));
          if (!piece.last || !open) return;
          peer.received.push({ command: open, dataSet: Buffer.concat(dataSet), contextId: piece.contextId });
          dataSet = [];
          const request = open;
          if (peer.script.delayMs) setTimeout(() => reply(piece.contextId, request), peer.script.delayMs);
          else reply(piece.contextId, request);
        },
      },
    );
    let head = Buffer.alloc(0);
    let left = 0;
    socket.on('data', chunk => {
      for (let at = 0; at < chunk.length; ) {
        if (left > 0) {
          const step = Math.min(left, chunk.length - at);
          left -= step;
          at += step;
          continue;
        }
        const more = chunk.subarray(at, at + 6 - head.length);
        head = Buffer.concat([head, more]);
        at += more.length;
        if (head.length < 6) break;
        left = head.readUInt32BE(2);
        if (head[0] === 4) longest = Math.max(longest, left);
        head = Buffer.alloc(0);
      }
      reader.push(chunk);
    });
  });
  await listening(server);
  const address = server.address();
  peer.port = typeof address === 'object' && address ? address.port : 0;
  return Object.assign(peer, {
    longestPdu: () => longest,
    mostAtOnce: () => most,
    stop: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  });
}

const listening = (server: Server) =>
  new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
