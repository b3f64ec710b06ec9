import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readTagTree } from '../../../electron/core/dicom/index.ts';
import { element, makeStudy } from '../../helpers/dicom-maker.ts';
import { hasRealDicom, realFiles } from '../../helpers/real-dicom.ts';

const directory = mkdtempSync(join(tmpdir(), 'gantry-tags-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** A data set behind a file meta that names its transfer syntax. */
function file(name: string, dataSet: Buffer, transferSyntax = '1.2.840.10008.1.2.1'): string {
  const meta = element('00020010', 'UI', transferSyntax);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(meta.length);
  const path = join(directory, name);
  const head = [Buffer.alloc(128), Buffer.from('DICM'), element('00020000', 'UL', length), meta];
  writeFileSync(path, Buffer.concat([...head, dataSet]));
  return path;
}
const rows = async (path: string) =>
  (await readTagTree(path)).items.map(({ depth, tag, vr, keyword, value }) => [depth, tag, vr, keyword, value]);

describe('the elements of a file', () => {
  it('come with keyword, VR and value, those of items one deeper, in their own character set', async () => {
    const items = Buffer.concat([
      hex('feff00e0 ffffffff'),
      element('00080005', 'CS', 'ISO_IR 192'),
      element('00080104', 'LO', Buffer.from('Schädel', 'utf8')),
      hex('feff0de0 00000000'),
      hex('feff00e0 00000000'),
      hex('feffdde0 00000000'),
    ]);
    const path = file(
      'sequence.dcm',
      Buffer.concat([
        element('00080005', 'CS', 'ISO_IR 100'),
        element('00080018', 'UI', '1.2.3'),
        Buffer.concat([hex('08001111 5351 0000 ffffffff'), items]),
        element('00091001', 'LO', 'private'),
        element('00100010', 'PN', Buffer.from('Müller^Jörg', 'latin1')),
        element('00280010', 'US', hex('0002')),
      ]),
    );
    expect(await rows(path)).toEqual([
      [0, '(0002,0000)', 'UL', 'FileMetaInformationGroupLength', '28'],
      [0, '(0002,0010)', 'UI', 'TransferSyntaxUID', '1.2.840.10008.1.2.1'],
      [0, '(0008,0005)', 'CS', 'SpecificCharacterSet', 'ISO_IR 100'],
      [0, '(0008,0018)', 'UI', 'SOPInstanceUID', '1.2.3'],
      [0, '(0008,1111)', 'SQ', 'ReferencedPerformedProcedureStepSequence', ''],
      [1, '', '', '1', ''],
      [2, '(0008,0005)', 'CS', 'SpecificCharacterSet', 'ISO_IR 192'],
      [2, '(0008,0104)', 'LO', 'CodeMeaning', 'Schädel'],
      [1, '', '', '2', ''],
      [0, '(0009,1001)', 'LO', '', 'private'],
      [0, '(0010,0010)', 'PN', 'PatientName', 'Müller^Jörg'],
      [0, '(0028,0010)', 'US', 'Rows', '512'],
    ]);
  });

  it('are read in implicit VR by the dictionary', async () => {
    const path = file(
      'implicit.dcm',
      hex('08001800 06000000 312e322e3300 10001000 04000000 4120422f'),
      '1.2.840.10008.1.2',
    );
    expect((await rows(path)).slice(2)).toEqual([
      [0, '(0008,0018)', 'UI', 'SOPInstanceUID', '1.2.3'],
      [0, '(0010,0010)', 'PN', 'PatientName', 'A B/'],
    ]);
  });

  it('end where the file lies, and say so', async () => {
    const path = file('short.dcm', Buffer.concat([element('00080018', 'UI', '1.2.3'), hex('10001000 504e ff00 4120')]));
    const { items, problem } = await readTagTree(path);
    expect(items.at(-1)).toMatchObject({ keyword: 'PatientName', value: 'A' });
    expect(problem).not.toBe('');
  });

  it('stop at the pixel data', async () => {
    makeStudy({ directory: join(directory, 'ct'), instances: 1 });
    const [name] = readdirSync(join(directory, 'ct'));
    const { items, problem } = await readTagTree(join(directory, 'ct', name as string));
    expect(problem).toBe('');
    expect(items.some(({ tag }) => tag.startsWith('(7FE0'))).toBe(false);
    expect(items.find(({ keyword }) => keyword === 'PatientName')).toBeDefined();
  });

  it.runIf(hasRealDicom('the elements of real files'))(
    'of every real file are read without a fault of ours',
    async () => {
      let read = 0;
      for (const { path, malformed } of realFiles()) {
        const outcome = await readTagTree(path).catch(error => error.code as string);
        if (!malformed && typeof outcome !== 'string') expect(outcome.problem, path).toBe('');
        if (typeof outcome === 'string') expect(outcome, path).toBe('NOT_DICOM');
        else read++;
      }
      expect(read).toBeGreaterThan(280);
    },
  );
});
