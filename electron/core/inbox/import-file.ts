import { open } from 'node:fs/promises';
import { AppError } from '../../../shared/problems.ts';
import type { ImportOutcome } from '../../../shared/schemas/imports.ts';
import {
  attributesOf,
  type DicomFile,
  isDeflated,
  mediaStorageDirectory,
  type Receiving,
  readDicomFile,
} from '../dicom/index.ts';

/** What became of one file; the reason is empty when it was imported. */
export interface FileResult {
  outcome: ImportOutcome;
  reason: string;
}

const chunkBytes = 256 * 1024;
const reasons = {
  imported: '',
  duplicate: 'the same bytes are stored already',
  conflict: 'other bytes were stored under its SOP Instance UID: kept as a further version',
};
/** The command field `stored` is ours, the outcome is the user's. */
const outcomes = { stored: 'imported', duplicate: 'duplicate', conflict: 'conflict' } as const;

/** A file goes the way of a received object; one without preamble or file meta gets a meta. Never rejects. */
export async function importFile(receiving: Receiving, path: string): Promise<FileResult> {
  try {
    const found = await readDicomFile(path);
    const reason = reasonAgainst(found);
    if (reason) return { outcome: reason.dicom ? 'unreadable' : 'not-dicom', reason: reason.words };
    const answer = await send(receiving, path, found);
    if (answer.outcome === 'refused') return { outcome: 'unreadable', reason: answer.comment ?? 'it was refused' };
    const outcome = outcomes[answer.outcome];
    return { outcome, reason: reasons[outcome] };
  } catch (error) {
    if (error instanceof AppError && error.code === 'NOT_DICOM') {
      return { outcome: 'not-dicom', reason: (error.params as { reason: string }).reason };
    }
    return { outcome: 'unreadable', reason: (error as Error).message };
  }
}

/** Why a file that can be read is no instance to keep. */
function reasonAgainst(file: DicomFile): { words: string; dicom: boolean } | undefined {
  const against = (words: string, dicom = true) => ({ words, dicom });
  if (file.mediaStorageSopClassUid === mediaStorageDirectory)
    return against('it is a DICOMDIR, the directory of a file-set; what it names is imported with its folder', false);
  const attributes = attributesOf(file);
  const missing = Object.entries({
    SOPClassUID: attributes.sopClassUid,
    SOPInstanceUID: attributes.sopInstanceUid,
  }).find(([, value]) => value === '');
  if (file.problem) return against(file.problem, file.declared);
  if (missing) return against(`it has no ${missing[0]}`, file.declared);
  const { stoppedAt } = file;
  const end = file.dataSetOffset + (stoppedAt?.valueOffset ?? 0) + (stoppedAt?.length ?? 0);
  if (end > file.size && !isDeflated(file.transferSyntaxUid)) return against('it ends inside its pixel data');
  if (!file.declared && stoppedAt && stoppedAt.length === undefined) {
    return against('its pixel data is compressed, and its file meta does not say how');
  }
  return undefined;
}

async function send(receiving: Receiving, path: string, found: DicomFile) {
  const { sopClassUid, sopInstanceUid } = attributesOf(found);
  let wake = () => {};
  const object = receiving.begin({ sopClassUid, sopInstanceUid, transferSyntaxUid: found.transferSyntaxUid }, () =>
    wake(),
  );
  const handle = await open(path, 'r').catch(error => {
    object.discard();
    throw error;
  });
  try {
    const left = found.size - found.dataSetOffset;
    const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(left, 1)));
    for (let at = found.dataSetOffset; ; ) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) return await object.finish();
      at += bytesRead;
      const room = new Promise<void>(resolve => (wake = resolve));
      if (!object.write(buffer.subarray(0, bytesRead))) await room;
    }
  } catch (error) {
    object.discard();
    throw error;
  } finally {
    await handle.close();
  }
}
