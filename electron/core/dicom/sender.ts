import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { AppError, describe, type Problem } from '../../../shared/problems.ts';
import type { LogHub } from '../logs/index.ts';
import type { Settings } from '../settings/index.ts';
import { commandField, status as dimseStatus } from './command-set.ts';
import { type Endpoint, endpointText } from './connect-peer.ts';
import { readHeader } from './header.ts';
import { type Association, openAssociation } from './requestor.ts';
import { type SendFile, type Share, shareOut, syntaxPair } from './send-shares.ts';
import { isStored, statusHex, statusText } from './status.ts';
import { sopClassName, transferSyntaxName } from './uid-names.ts';

/** What became of one instance: the status the peer answered, or why there is none. Confirmed only with a status that says stored. */
export interface SendResult {
  status: number | null;
  confirmed: boolean;
  problem: Problem | null;
}

export interface SendOrder {
  peer: Endpoint;
  files: SendFile[];
  /** Associations at once; SEND_ASSOCIATIONS by default. */
  associations?: number;
  signal?: AbortSignal;
  /** At most once a file. The file that was on its way when an association failed has that failure as its problem. */
  result(file: SendFile, result: SendResult): void;
}

export interface Sender {
  /**
   * C-STORE of stored bytes, PS3.7 §9.1.1: the data set goes out exactly as it lies in the file, in its own transfer
   * syntax, piece by piece.
   *
   * @throws PEER_UNREACHABLE, PEER_REJECTED, PEER_ABORTED, PEER_TIMED_OUT, TLS_FILE_UNREADABLE when an association fails;
   *   what had no result by then was not tried
   */
  send(order: SendOrder): Promise<void>;
}

interface Source {
  file: string;
  offset: number;
  size: number;
}

const readBytes = 256 * 1024;
/** What fits into a presentation context; UIDs of odd sources are sent as they are. */
const uidShape = /^[\w.-]{1,128}$/;

export function createSender({ settings, log }: { settings: Pick<Settings, 'get'>; log: LogHub }): Sender {
  async function sendShare({ contexts, files }: Share, order: SendOrder): Promise<void> {
    for (let left = files; left.length > 0; ) left = await overOneAssociation(contexts, left, order);
  }

  /** @returns the files that are left when one could not be read to its end: the association is of no use then */
  async function overOneAssociation(contexts: Share['contexts'], files: SendFile[], order: SendOrder) {
    const { peer, signal, result } = order;
    const association = await openAssociation({
      peer,
      callingAe: settings.get('AE_TITLE'),
      contexts: [...contexts.values()],
      timeout: settings.get('SEND_TIMEOUT'),
      signal,
    });
    try {
      for (const [index, file] of files.entries()) {
        const contextId = contexts.get(syntaxPair(file))?.id ?? 0;
        if (!association.accepted.has(contextId)) {
          result(file, unsent(acceptsNot(file, peer)));
          continue;
        }
        const source = await sourceOf(file).catch(asAppError);
        if (source instanceof AppError) {
          result(file, unsent(source.problem));
          continue;
        }
        const answer = await sendOne(association, contextId, (index % 0xffff) + 1, file, source).catch(asAppError);
        if (!(answer instanceof AppError)) {
          result(file, judged(answer, peer));
          continue;
        }
        if (signal?.aborted) throw signal.reason;
        result(file, unsent(answer.problem));
        if (answer.code !== 'FILE_UNREADABLE') throw answer;
        return files.slice(index + 1);
      }
      await association.release();
      return [];
    } finally {
      association.abort();
    }
  }

  return {
    async send(order) {
      const sendable = order.files.filter(file => {
        const problem = unfit(file);
        if (problem) order.result(file, unsent(problem));
        return !problem;
      });
      const lanes = shareOut(sendable, order.associations ?? settings.get('SEND_ASSOCIATIONS'));
      const ends = await Promise.allSettled(lanes.map(shares => inOrder(shares, share => sendShare(share, order))));
      const failed = ends.find(end => end.status === 'rejected');
      if (!failed) return;
      if (!(failed.reason instanceof AppError) && !order.signal?.aborted)
        log.error('sender', `${endpointText(order.peer)}: ${failed.reason}`);
      throw failed.reason;
    },
  };
}

/** @throws FILE_UNREADABLE, NOT_DICOM */
async function sourceOf({ file, sopInstanceUid, transferSyntaxUid }: SendFile): Promise<Source> {
  try {
    const header = await readHeader(file);
    const { size } = await stat(file);
    // The command must not say one thing and the data set another.
    if (header.sopInstanceUid !== sopInstanceUid || header.transferSyntaxUid !== transferSyntaxUid)
      throw new AppError('FILE_UNREADABLE', { file, reason: 'it was replaced by another instance' });
    if (size <= header.dataSetOffset) throw new AppError('NOT_DICOM', { file, reason: 'it ends before its data set' });
    return { file, offset: header.dataSetOffset, size };
  } catch (cause) {
    if (cause instanceof AppError && cause.code !== 'STORAGE_FAILED') throw cause;
    throw new AppError('FILE_UNREADABLE', { file, reason: (cause as Error).message }, { cause });
  }
}

async function sendOne(association: Association, contextId: number, messageId: number, file: SendFile, from: Source) {
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
    piecesOf(from, association.fragmentBytes),
  );
  return response.status ?? dimseStatus.cannotUnderstand;
}

/**
 * Exactly the bytes that were there when the file was looked at. What has an odd length, as deflated data sets may have in
 * files, is padded: the standard wants it even (PS3.5 §A.5, PS3.8 Annex E), and peers abort over it.
 *
 * @throws FILE_UNREADABLE when it has fewer bytes by now
 */
async function* piecesOf({ file, offset, size }: Source, multipleOf: number): AsyncGenerator<Buffer> {
  let left = size - offset;
  const highWaterMark = Math.max(1, Math.floor(readBytes / multipleOf)) * multipleOf;
  try {
    for await (const piece of createReadStream(file, { start: offset, end: size - 1, highWaterMark })) {
      left -= piece.length;
      yield piece;
    }
  } catch (cause) {
    throw new AppError('FILE_UNREADABLE', { file, reason: (cause as Error).message }, { cause });
  }
  if (left > 0) throw new AppError('FILE_UNREADABLE', { file, reason: 'it became shorter while it was sent' });
  if ((size - offset) % 2 === 1) yield Buffer.alloc(1);
}

function unfit({ file, sopClassUid, sopInstanceUid, transferSyntaxUid }: SendFile): Problem | null {
  const wrong = [sopClassUid, sopInstanceUid, transferSyntaxUid].find(uid => !uidShape.test(uid));
  if (wrong === undefined) return null;
  return describe('NOT_DICOM', { file, reason: `${JSON.stringify(wrong.slice(0, 80))} is no UID` });
}

function acceptsNot({ sopClassUid, transferSyntaxUid }: SendFile, peer: Endpoint): Problem {
  const [sopClass, transferSyntax] = [sopClassName(sopClassUid), transferSyntaxName(transferSyntaxUid)];
  return describe('PEER_ACCEPTS_NOT', { peer: endpointText(peer), sopClass, transferSyntax });
}

function judged(status: number, peer: Endpoint): SendResult {
  if (isStored(status)) return { status, confirmed: true, problem: null };
  const words = statusText(status);
  const problem = describe('PEER_REFUSED_INSTANCE', { peer: endpointText(peer), status: statusHex(status), words });
  return { status, confirmed: false, problem };
}

const unsent = (problem: Problem): SendResult => ({ status: null, confirmed: false, problem });

function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  throw error;
}

async function inOrder<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  for (const item of items) await work(item);
}
