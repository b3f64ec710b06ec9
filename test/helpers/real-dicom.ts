import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The published test files beside the repository, when they are there. */
export const realDicom = resolve(import.meta.dirname, '..', '..', '..', 'shared', 'dicom');

export interface RealFile {
  /** Below `realDicom`. */
  name: string;
  path: string;
  sopClassUid: string;
  modality: string;
  transferSyntaxUid: string;
  malformed: boolean;
}

/** True when the files are there; otherwise says in one line what is left out. */
export function hasRealDicom(what: string): boolean {
  const there = existsSync(join(realDicom, 'MANIFEST.tsv'));
  if (!there) console.log(`SKIP no ../shared/dicom: ${what}`);
  return there;
}

/** Every file of the manifest; UIDs are the first word of their columns. */
export function realFiles(): RealFile[] {
  const [head = '', ...rows] = readFileSync(join(realDicom, 'MANIFEST.tsv'), 'utf8').trimEnd().split('\n');
  const columns = head.split('\t');
  return rows.map(row => {
    const cells = row.split('\t');
    const cell = (name: string) => cells[columns.indexOf(name)] ?? '';
    const name = cells[0] ?? '';
    return {
      name,
      path: join(realDicom, name),
      sopClassUid: cell('sop_class').split(' ')[0] ?? '',
      modality: cell('modality'),
      transferSyntaxUid: cell('transfer_syntax').split(' ')[0] ?? '',
      malformed: name.startsWith('malformed/'),
    };
  });
}
