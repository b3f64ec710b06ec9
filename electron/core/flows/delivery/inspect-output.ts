import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { problemOf } from '../../../../shared/problems.ts';
import { readHeader } from '../../dicom/index.ts';

export interface OutputInstance {
  /** Below the directory, with forward slashes. */
  file: string;
  sopClassUid: string;
  sopInstanceUid: string;
  transferSyntaxUid: string;
}

export interface InspectedOutput {
  dicom: OutputInstance[];
  /** What cannot be sent, and why. */
  other: { file: string; bytes: number; reason: string }[];
}

/** Sorts the files of an output folder into instances and the rest, in name order. */
export async function inspectOutput(directory: string): Promise<InspectedOutput> {
  const found: InspectedOutput = { dicom: [], other: [] };
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
  for (const path of paths.sort()) {
    const file = relative(directory, path).split(sep).join('/');
    try {
      const { sopClassUid, sopInstanceUid, transferSyntaxUid } = await readHeader(path);
      found.dicom.push({ file, sopClassUid, sopInstanceUid, transferSyntaxUid });
    } catch (error) {
      const { params, title } = problemOf(error);
      // A name that is no UTF-8 cannot even be looked up.
      const bytes = await stat(path).then(
        ({ size }) => size,
        () => 0,
      );
      const reason = 'reason' in params ? String(params.reason) : title;
      found.other.push({ file, bytes, reason });
    }
  }
  return found;
}
