import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inspectOutput } from '../../../../electron/core/flows/delivery/index.ts';
import { element, makeStudy, newUid, part10 } from '../../../helpers/dicom-maker.ts';

describe('output of a run', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'gantry-output-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('is sorted into what can be sent and what is kept, with the reason', async () => {
    const outside = join(directory, 'outside');
    const output = join(directory, 'output');
    const [elsewhere] = makeStudy({ directory: outside, instances: 1 });
    const [first, second] = makeStudy({ directory: join(output, 'a', 'b'), instances: 2 });
    // Without preamble and file meta: the bytes of the data set alone.
    const bare = readFileSync(second?.file ?? '');
    writeFileSync(second?.file ?? '', bare.subarray(bare.indexOf(element('00080005', 'CS', 'ISO_IR 192'))));
    writeFileSync(join(output, 'report.json'), '{"score": 1}');
    writeFileSync(join(output, 'empty.dcm'), '');
    const noUid = Buffer.concat([element('00080016', 'UI', '1.2.3'), element('00100020', 'LO', 'P')]);
    writeFileSync(join(output, 'no-uid.dcm'), part10('', '', noUid));
    mkdirSync(join(output, 'empty folder'));
    symlinkSync(elsewhere?.file ?? '', join(output, 'link.dcm'));
    symlinkSync(outside, join(output, 'linked folder'));

    const found = await inspectOutput(output);
    expect(found.dicom.map(item => item.file)).toEqual(['a/b/00001.dcm', 'a/b/00002.dcm']);
    expect(found.dicom.map(item => item.sopInstanceUid)).toEqual([first?.sopInstanceUid, second?.sopInstanceUid]);
    expect(found.dicom.every(item => item.transferSyntaxUid === '1.2.840.10008.1.2.1')).toBe(true);
    expect(found.other).toEqual([
      { file: 'empty.dcm', bytes: 0, reason: 'it is empty' },
      { file: 'no-uid.dcm', bytes: expect.any(Number), reason: 'it has no SOPInstanceUID' },
      { file: 'report.json', bytes: 12, reason: expect.stringContaining('DICM') },
    ]);
  });

  it('with a name that is no text is listed, and the others are found', async () => {
    makeStudy({ directory, instances: 1 });
    writeFileSync(Buffer.concat([Buffer.from(join(directory, 'bad')), Buffer.from([0xff, 0xfe])]), 'x');
    const { dicom, other } = await inspectOutput(directory);
    expect(dicom).toHaveLength(1);
    expect(other).toHaveLength(1);
    expect(other[0]?.bytes).toBe(0);
  });

  it('of no files is nothing', async () => {
    expect(await inspectOutput(directory)).toEqual({ dicom: [], other: [] });
  });

  it('of a great many files is found in name order', async () => {
    for (let index = 0; index < 300; index++) {
      const uid = newUid();
      const data = Buffer.concat([element('00080016', 'UI', '1.2.3'), element('00080018', 'UI', uid)]);
      writeFileSync(join(directory, `${String(index).padStart(4, '0')}.dcm`), part10('1.2.3', uid, data));
    }
    const { dicom } = await inspectOutput(directory);
    expect(dicom).toHaveLength(300);
    expect(dicom.map(item => item.file)).toEqual(dicom.map(item => item.file).sort());
  });
});
