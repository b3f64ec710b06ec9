import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readHeader } from '../../../electron/core/dicom/index.ts';
import { explainFlow } from '../../../electron/core/flows/explain.ts';
import type { Instance } from '../../../electron/core/flows/trigger.ts';
import { flowOf } from '../../helpers/flow-text.ts';

const data = join(import.meta.dirname, '../../../../shared/dicom');
const present = existsSync(data);
if (!present) console.log('SKIP no ../shared/dicom: triggers on real files');

const filesOf = (folder: string) => readdirSync(join(data, folder)).map(name => join(data, folder, name));

async function instancesOf(files: string[]): Promise<Instance[]> {
  const headers = await Promise.all(files.map(file => readHeader(file)));
  return headers.map(({ sopInstanceUid, values }) => ({ sopInstanceUid, values }));
}

/** DCMTK's answer to the same question. */
function dcmtk(file: string, keyword: string): string | null {
  const text = execFileSync('dcmdump', ['-q', '+P', keyword, file], { encoding: 'utf8' });
  return /\[(.*)\]/.exec(text)?.[1] ?? null;
}

describe.skipIf(!present)('triggers on real files', () => {
  it('are met by the instances in which DCMTK shows the values', async () => {
    const files = [
      ...filesOf('ct-series/monai-abdomen').slice(0, 3),
      ...filesOf('mr-series/dcmqi-prostate-adc').slice(0, 3),
    ];
    const instances = await instancesOf(files);
    const flow = flowOf(`triggers:
  - Modality: ^CT$
  - Modality: ^MR$
    SeriesDescription: (?i)apparent
  - ImageType: ^PROCESSED$
  - StudyDescription: PELVIS
    PatientComments: never
`);
    const { matched, triggers } = await explainFlow(flow, 'real.yml', instances);
    expect(matched).toBe(false);
    expect(triggers.map(trigger => trigger.met)).toEqual([true, true, true, false]);
    for (const { sopInstanceUid, keys } of triggers) {
      const file = files[instances.findIndex(instance => instance.sopInstanceUid === sopInstanceUid)] ?? '';
      for (const { keyword, value } of keys.filter(key => key.keyword !== 'SeriesDescription')) {
        expect(value, keyword).toBe(dcmtk(file, keyword));
      }
    }
    expect(triggers[2]?.keys[0]?.note).toBe('matched "PROCESSED" in value 3 of 3');
    expect(triggers[3]?.keys[1]).toMatchObject({ keyword: 'PatientComments', value: null, met: false });
  });

  const names: [file: string, pattern: string][] = [
    ['chrFren.dcm', '^Buc\\^Jérôme$'],
    ['chrGerm.dcm', '^Äneas\\^R\\wdiger$'],
    ['chrGreek.dcm', '^Διονυσιος$'],
    ['chrRuss.dcm', 'Люкceмбypг'],
    ['chrX1.dcm', '=王\\^小東'],
    ['chrKoreanMulti.dcm', '김희중'],
  ];
  it.each(names)('search names in the character set of %s', async (file, pattern) => {
    const flow = flowOf(`triggers:\n  - PatientName: '${pattern}'`);
    const verdict = await explainFlow(flow, 'names.yml', await instancesOf([join(data, 'charsets', file)]));
    expect(verdict.text).toMatch(/^Matched\./);
  });
});
