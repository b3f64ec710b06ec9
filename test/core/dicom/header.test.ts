import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { readHeader } from '../../../electron/core/dicom/index.ts';
import { AppError } from '../../../shared/problems.ts';
import { element, part10, us } from '../../helpers/dicom-maker.ts';
import { hasRealDicom, realFiles } from '../../helpers/real-dicom.ts';

const directory = mkdtempSync(join(tmpdir(), 'gantry-header-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const ct = '1.2.840.10008.5.1.4.1.1.2';
const [explicitLittle, deflated] = ['1.2.840.10008.1.2.1', '1.2.840.10008.1.2.1.99'];

function write(bytes: Buffer): string {
  const path = join(directory, `${Math.random()}.dcm`);
  writeFileSync(path, bytes);
  return path;
}

const dataSet = Buffer.concat([
  element('00080005', 'CS', 'ISO_IR 192'),
  element('00080016', 'UI', ct),
  element('00080018', 'UI', '1.2.3'),
  element('00080060', 'CS', 'CT'),
  element('0008103E', 'LO', 'Thorax\\Kopf'),
  element('00100010', 'PN', 'Müller^Jürgen'),
  element('0020000D', 'UI', '1.2'),
  element('00280010', 'US', us(512)),
]);
const reasonOf = async (path: string) => {
  const error = await readHeader(path).catch(thrown => thrown);
  expect(error).toBeInstanceOf(AppError);
  expect(error.code).toBe('NOT_DICOM');
  return error.params.reason as string;
};

describe('readHeader', () => {
  it('reads values by keyword, decoded and trimmed', async () => {
    const header = await readHeader(write(part10(ct, '1.2.3', dataSet)));
    expect(header).toMatchObject({ sopClassUid: ct, sopInstanceUid: '1.2.3', transferSyntaxUid: explicitLittle });
    expect(header.values('PatientName')).toEqual(['Müller^Jürgen']);
    expect(header.values('SeriesDescription')).toEqual(['Thorax', 'Kopf']);
    expect(header.values('Rows')).toEqual(['512']);
    expect(header.values('PatientID')).toBeUndefined();
    expect(header.values('NoSuchKeyword')).toBeUndefined();
    expect(header.values('constructor')).toBeUndefined();
  });

  it('reads a deflated data set, and does not unfold a bomb', async () => {
    const bomb = Buffer.concat([
      dataSet,
      Buffer.from('e17f1000'.replace('e17f', '2900'), 'hex'),
      Buffer.from('OB\0\0'),
      Buffer.from('00000020', 'hex'),
      Buffer.alloc(256 * 2 ** 20),
    ]);
    const path = write(part10(ct, '1.2.3', deflateRawSync(bomb), deflated));
    const before = process.memoryUsage().rss;
    const header = await readHeader(path);
    expect(header.values('PatientName')).toEqual(['Müller^Jürgen']);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
  });

  it('steps over 2 GB that come before the last element', async () => {
    const head = part10(
      ct,
      '1.2.3',
      Buffer.concat([dataSet, Buffer.from('29001010', 'hex'), Buffer.from('OB\0\0'), Buffer.from('00000080', 'hex')]),
    );
    const path = write(head);
    truncateSync(path, head.length + 2 ** 31 + 0);
    const start = performance.now();
    expect((await readHeader(path)).values('Modality')).toEqual(['CT']);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it.each<[string, () => Buffer]>([
    ['no preamble', () => part10(ct, '1.2.3', dataSet).subarray(128)],
    ['neither preamble nor prefix', () => part10(ct, '1.2.3', dataSet).subarray(132)],
    ['no file meta', () => dataSet],
    [
      'a wrong group length',
      () => {
        const bytes = part10(ct, '1.2.3', dataSet);
        bytes.writeUInt32LE(1, 140);
        return bytes;
      },
    ],
  ])('reads a file with %s', async (_, bytes) => {
    const header = await readHeader(write(bytes()));
    expect(header).toMatchObject({ sopInstanceUid: '1.2.3', transferSyntaxUid: explicitLittle });
    expect(header.values('PatientName')).toEqual(['Müller^Jürgen']);
  });

  it('says why a file is no DICOM instance', async () => {
    expect(await reasonOf(write(Buffer.alloc(0)))).toBe('it is empty');
    expect(await reasonOf(write(Buffer.from('# a text file\nof two lines')))).toContain('neither');
    expect(await reasonOf(write(Buffer.from('504b030414000000', 'hex')))).toBe('it is a ZIP archive');
    expect(await reasonOf(write(part10(ct, '1.2.3', Buffer.alloc(0))))).toBe('it ends before its data set');
    const directoryRecords = element('00041130', 'CS', 'FILESET');
    expect(await reasonOf(write(part10('1.2.840.10008.1.3.10', '1.2.3', directoryRecords)))).toContain('DICOMDIR');
    expect(await reasonOf(write(element('00080005', 'CS', 'ISO_IR 100')))).toBe('it has no SOPInstanceUID');
    expect(await reasonOf(write(part10(ct, '', dataSet.subarray(0, 30))))).toMatch(/bytes before|no SOPInstanceUID/);
  });

  it('names the file when it is not there', async () => {
    await expect(readHeader(join(directory, 'missing.dcm'))).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
  });

  const real = hasRealDicom('headers of real files');
  it.skipIf(!real)('reads every real file, or says why not', async () => {
    const wrong: string[] = [];
    for (const file of real ? realFiles() : []) {
      try {
        const header = await readHeader(file.path);
        if (file.malformed) continue;
        if (header.transferSyntaxUid !== file.transferSyntaxUid) wrong.push(`${file.name} ${header.transferSyntaxUid}`);
        if (header.sopClassUid !== file.sopClassUid) wrong.push(`${file.name} ${header.sopClassUid}`);
        if ((header.values('Modality') ?? []).join() !== file.modality)
          wrong.push(`${file.name} ${header.values('Modality')}`);
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'NOT_DICOM') wrong.push(`${file.name}: ${error}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it.skipIf(!real)('decodes the names of the charset files', async () => {
    const names: Record<string, string> = {};
    for (const file of realFiles().filter(item => item.name.startsWith('charsets/chr'))) {
      names[file.name.slice('charsets/'.length)] = (await readHeader(file.path)).values('PatientName')?.[0] ?? '';
    }
    expect(names).toMatchObject({
      'chrArab.dcm': 'قباني^لنزار',
      'chrFren.dcm': 'Buc^Jérôme',
      'chrGerm.dcm': 'Äneas^Rüdiger',
      'chrGreek.dcm': 'Διονυσιος',
      'chrH31.dcm': 'Yamada^Tarou=山田^太郎=やまだ^たろう',
      'chrHbrw.dcm': 'שרון^דבורה',
      'chrJapMulti.dcm': 'やまだ^たろう',
      'chrKoreanMulti.dcm': '김희중',
      'chrRuss.dcm': 'Люкceмбypг',
      'chrX1.dcm': 'Wang^XiaoDong=王^小東=',
    });
  });
});
