import { AppError } from '../../../shared/problems.ts';
import { readDicomFile, valuesOf } from './dicom-file.ts';
import { tagOfKeyword } from './keyword-tags.ts';

/** The attributes of a file that come before its pixel data. */
export interface Header {
  sopClassUid: string;
  sopInstanceUid: string;
  transferSyntaxUid: string;
  dataSetOffset: number;
  /**
   * Values of a top-level element by its keyword: decoded by SpecificCharacterSet, without padding. Sequences and bulk
   * data have none; undefined means that the element is absent, or the keyword unknown.
   */
  values(keyword: string): string[] | undefined;
}

/** PS3.3 Annex F: it describes instances and is none. */
export const mediaStorageDirectory = '1.2.840.10008.1.3.10';

/**
 * Reads the header of a DICOM file, also of one without preamble or file meta, with bounded memory.
 * @throws NOT_DICOM when it is no instance; STORAGE_FAILED when the file cannot be read
 */
export async function readHeader(path: string): Promise<Header> {
  const file = await readDicomFile(path).catch(error => {
    if (error instanceof AppError) throw error;
    throw new AppError('STORAGE_FAILED', { path, reason: (error as Error).message }, { cause: error });
  });
  const uid = (tag: number) => valuesOf(file, tag, 'UI')?.[0];
  const sopClassUid = uid(0x00080016) ?? file.mediaStorageSopClassUid;
  const sopInstanceUid = uid(0x00080018) ?? file.mediaStorageSopInstanceUid;
  if (sopClassUid === mediaStorageDirectory) {
    throw new AppError('NOT_DICOM', { file: path, reason: 'it is a DICOMDIR, the directory of a file-set' });
  }
  if (sopInstanceUid === '' || sopClassUid === '') {
    const missing = sopInstanceUid === '' ? 'SOPInstanceUID' : 'SOPClassUID';
    throw new AppError('NOT_DICOM', { file: path, reason: file.problem ?? `it has no ${missing}` });
  }
  return {
    sopClassUid,
    sopInstanceUid,
    transferSyntaxUid: file.transferSyntaxUid,
    dataSetOffset: file.dataSetOffset,
    values(keyword) {
      const entry = tagOfKeyword(keyword);
      return entry && valuesOf(file, entry.tag, entry.vr);
    },
  };
}
