import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { AppError, describe, type Problem, problemOf } from '../../../shared/problems.ts';
import type { LogHub } from '../logs/index.ts';
import type { Settings } from '../settings/index.ts';
import { commandField } from './command-set.ts';
import { readHeader } from './header.ts';
import { type Association, type Endpoint, endpointText, openAssociation } from './requestor.ts';
import { sopClassName } from './sop-class-names.ts';
import { isStored, statusHex, statusText } from './status.ts';
import { transferSyntaxName } from './transfer-syntax-names.ts';

export interface SendFile {
  /** Absolute path. */
  file: string;
  sopClassUid: string;
  sopInstanceUid: string;
  transferSyntaxUid: string;
}

/** What became of one instance: the status the peer answered, or why there is none. Confirmed only with a status that says stored. */
export interface SendResult {
  status: number | null;
  confirmed: boolean;
  problem: Problem | null;
}

export interface SendOrder {
  peer: Endpoint;
  files: SendFile[];
  signal?: AbortSignal;
  result(file: SendFile, result: SendResult): void;
}

export interface Sender {
  /**
   * C-STORE of stored bytes, PS3.7 §9.1.1: the data set goes out exactly as it lies in the file, in its own transfer
   * syntax, piece by piece.
   *
   * @throws PEER_UNREACHABLE, PEER_REJECTED, PEER_ABORTED, PEER_TIMED_OUT, TLS_FILE_UNREADABLE when an association fails;
   *   what had no result by then is not confirmed
   */
  send(order: SendOrder): Promise<void>;
}

/** Context ids are the odd numbers of one byte, PS3.8 §9.3.2.2. */
const maxContexts = 128;
const readBytes = 256 * 1024;

interface Share {
  contexts: Map<string, number>;
  files: SendFile[];
}

const pairOf = (file: SendFile) => `${file.sopClassUid} ${file.transferSyntaxUid}`;

export function createSender({ settings, log }: { settings: Pick<Settings, 'get'>; log: LogHub }): Sender {
  async function sendShare({ contexts, files }: Share, { peer, signal, result }: SendOrder): Promise<void> {
    const association = await openAssociation({
      peer,
      callingAe: settings.get('AE_TITLE'),
      contexts: [...contexts].map(([pair, id]) => {
        const [abstractSyntax = '', transferSyntax = ''] = pair.split(' ');
        return { id, abstractSyntax, transferSyntaxes: [transferSyntax] };
      }),
      timeout: settings.get('SEND_TIMEOUT'),
      signal,
    });
    let messageId = 0;
    for (const file of files) {
      const contextId = contexts.get(pairOf(file)) as number;
      if (!association.accepted.has(contextId)) {
        const [sopClass, transferSyntax] = [sopClassName(file.sopClassUid), transferSyntaxName(file.transferSyntaxUid)];
        const problem = describe('PEER_ACCEPTS_NOT', { peer: endpointText(peer), sopClass, transferSyntax });
        result(file, { status: null, confirmed: false, problem });
        continue;
      }
      messageId = (messageId % 0xffff) + 1;
      const answer = await sendOne(association, contextId, messageId, file);
      if (answer.problem) result(file, { status: null, confirmed: false, problem: answer.problem });
      else result(file, judged(answer.status, peer));
    }
    await association.release();
  }

  async function sendOne(association: Association, contextId: number, messageId: number, file: SendFile) {
    let offset: number;
    let size: number;
    try {
      offset = (await readHeader(file.file)).dataSetOffset;
      size = (await stat(file.file)).size;
    } catch (error) {
      // One unreadable file must not end the association for the others.
      return { problem: problemOf(error), status: 0 };
    }
    const response = await association.request(
      contextId,
      {
        commandField: commandField.cStoreRq,
        messageId,
        affectedSopClassUid: file.sopClassUid,
        affectedSopInstanceUid: file.sopInstanceUid,
        priority: 0,
        hasDataSet: true,
      },
      { bytes: createReadStream(file.file, { start: offset, highWaterMark: readBytes }), length: size - offset },
    );
    return { problem: null, status: response.status ?? 0xc000 };
  }

  return {
    async send(order) {
      const shares = shareOut(order.files, settings.get('SEND_ASSOCIATIONS'));
      const ends = await Promise.allSettled(shares.map(parts => inOrder(parts, part => sendShare(part, order))));
      const failed = ends.find(end => end.status === 'rejected');
      if (!failed) return;
      if (!(failed.reason instanceof AppError) && !order.signal?.aborted)
        log.error('sender', `${endpointText(order.peer)}: ${failed.reason}`);
      throw failed.reason;
    },
  };
}

function judged(status: number, peer: Endpoint): SendResult {
  if (isStored(status)) return { status, confirmed: true, problem: null };
  const words = statusText(status);
  const problem = describe('PEER_REFUSED_INSTANCE', { peer: endpointText(peer), status: statusHex(status), words });
  return { status, confirmed: false, problem };
}

/** Files dealt out over `count` associations at once, each list cut where it would need more than 128 contexts. */
function shareOut(files: SendFile[], count: number): Share[][] {
  const lanes = Array.from({ length: Math.max(1, Math.min(count, files.length)) }, () => [] as Share[]);
  files.forEach((file, index) => {
    const lane = lanes[index % lanes.length] as Share[];
    let share = lane.at(-1);
    if (!share || (!share.contexts.has(pairOf(file)) && share.contexts.size >= maxContexts)) {
      share = { contexts: new Map(), files: [] };
      lane.push(share);
    }
    if (!share.contexts.has(pairOf(file))) share.contexts.set(pairOf(file), share.contexts.size * 2 + 1);
    share.files.push(file);
  });
  return lanes;
}

async function inOrder<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  for (const item of items) await work(item);
}
