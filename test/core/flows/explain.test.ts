import { describe, expect, it } from 'vitest';
import { explainFlow } from '../../../electron/core/flows/explain.ts';
import type { Instance } from '../../../electron/core/flows/trigger.ts';
import { verdictSchema } from '../../../shared/schemas/batches.ts';
import { flowOf, warningsOf } from '../../helpers/flow-text.ts';

const instance = (sopInstanceUid: string, elements: Record<string, string[]>): Instance => ({
  sopInstanceUid,
  values: keyword => elements[keyword],
});
const explain = (triggers: string, ...instances: Instance[]) =>
  explainFlow(flowOf(`triggers:\n${triggers}`), 'test.yml', instances);

const ct = instance('1.1', {
  Modality: ['CT'],
  SeriesDescription: ['Head 2.0'],
  ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
});
const mr = instance('1.2', { Modality: ['MR'], SeriesDescription: ['T1'], PatientName: ['Doe^John^^^'] });

describe('triggers', () => {
  it('search unanchored and case-sensitive', async () => {
    expect((await explain('  - SeriesDescription: Head|Neck|Brain', ct)).matched).toBe(true);
    expect((await explain('  - SeriesDescription: ead', ct)).matched).toBe(true);
    expect((await explain('  - SeriesDescription: head', ct)).matched).toBe(false);
    expect((await explain('  - SeriesDescription: (?i)head', ct)).matched).toBe(true);
    expect((await explain('  - SeriesDescription: ^Head$', ct)).matched).toBe(false);
  });

  it('ask for all keys of one trigger in the same instance', async () => {
    expect((await explain('  - Modality: CT\n    SeriesDescription: Head', mr, ct)).matched).toBe(true);
    const verdict = await explain('  - Modality: CT\n    SeriesDescription: T1', ct, mr);
    expect(verdict.matched).toBe(false);
    expect(verdict.triggers[0]?.keys.map(key => key.met)).toEqual([true, false]);
  });

  it('let different instances meet different triggers, and need all triggers', async () => {
    const both = await explain('  - Modality: CT\n  - Modality: MR', ct, mr);
    expect(both.matched).toBe(true);
    expect(both.triggers.map(trigger => trigger.sopInstanceUid)).toEqual(['1.1', '1.2']);
    expect((await explain('  - Modality: CT\n  - Modality: MR', ct)).matched).toBe(false);
  });

  it('take a missing element for no match, in some instances and in all', async () => {
    expect((await explain('  - PatientName: Doe', ct, mr)).triggers[0]?.sopInstanceUid).toBe('1.2');
    const verdict = await explain('  - StudyDescription: ""', ct, mr);
    expect(verdict.matched).toBe(false);
    expect(verdict.triggers[0]?.keys).toEqual([
      { keyword: 'StudyDescription', pattern: '', value: null, met: false, note: 'the instance has no such element' },
    ]);
    expect(verdict.text).toBe(
      'Not matched. Trigger 1 is not met: of 2 instances 1.1 came closest: StudyDescription is missing.',
    );
  });

  it('take an element without a value for an empty text', async () => {
    const empty = instance('1.3', { SeriesDescription: [] });
    expect((await explain('  - SeriesDescription: ^$', empty)).matched).toBe(true);
    expect((await explain('  - SeriesDescription: x', empty)).triggers[0]?.keys[0]).toMatchObject({
      value: '',
      met: false,
    });
  });

  it('match any value of several, or the values joined, and show the text that matched', async () => {
    const note = async (pattern: string) => (await explain(`  - ImageType: '${pattern}'`, ct)).triggers[0]?.keys[0];
    expect(await note('^PRIM')).toMatchObject({
      met: true,
      value: 'ORIGINAL\\PRIMARY\\AXIAL',
      note: 'matched "PRIM" in value 2 of 3',
    });
    expect(await note('^AXIAL$')).toMatchObject({ met: true, note: 'matched "AXIAL" in value 3 of 3' });
    expect(await note('PRIMARY\\\\AXIAL$')).toMatchObject({
      met: true,
      note: 'matched "PRIMARY\\AXIAL" in the 3 values joined',
    });
    expect(await note('LOCALIZER')).toMatchObject({ met: false });
  });

  it('search names as text, and numbers as they are written', async () => {
    expect((await explain('  - PatientName: Doe\\^John', mr)).matched).toBe(true);
    expect((await explain('  - SeriesNumber: 3', instance('1', { SeriesNumber: ['13'] }))).matched).toBe(true);
    expect((await explain('  - SeriesNumber: "^3$"', instance('1', { SeriesNumber: ['13'] }))).matched).toBe(false);
  });

  it('are met by every batch when there are none', async () => {
    const verdict = await explainFlow(flowOf('triggers: []'), 'all.yml', [mr]);
    expect(verdict).toMatchObject({
      matched: true,
      triggers: [],
      text: 'Matched: the flow has no triggers, so every batch matches.',
    });
  });

  it('are met by any instance when they ask for nothing, but not by none', async () => {
    expect((await explain('  - {}', mr)).triggers[0]?.text).toBe('Trigger 1 is met by 1.2, as it asks for nothing.');
    expect(warningsOf('triggers:\n  - {}')).toEqual(['2:5 This trigger asks for nothing: every instance meets it']);
    expect((await explain('  - Modality: CT')).text).toBe(
      'Not matched. Trigger 1 is not met: the batch has no instances.',
    );
  });

  it('warn of a keyword that is none, and name the one that was meant', () => {
    expect(warningsOf('triggers:\n  - Modalty: CT\n  - modality: CT\n  - "(0008,0060)": CT\n  - Modality: CT')).toEqual(
      [
        '2:5 Modalty is no DICOM keyword: no instance will have it',
        '3:5 modality is no DICOM keyword: no instance will have it',
        '4:5 (0008,0060) is no DICOM keyword: no instance will have it',
      ],
    );
  });

  it('warn of an element that has no text, or is not in data sets', () => {
    expect(
      warningsOf(
        'triggers:\n  - PixelData: x\n  - ReferencedSeriesSequence: x\n  - OverlayData: x\n  - TransferSyntaxUID: "1.2"',
      ),
    ).toEqual([
      '2:5 PixelData holds no text: no instance will have it',
      '3:5 ReferencedSeriesSequence holds no text: no instance will have it',
      '4:5 OverlayData holds no text: no instance will have it',
      '5:5 TransferSyntaxUID is not part of a data set: no instance will have it',
    ]);
  });

  it('take an element that cannot be read for no match, and say so', async () => {
    const damaged: Instance = {
      sopInstanceUid: '1.6',
      values: () => {
        throw new Error('damaged');
      },
    };
    expect((await explain('  - Modality: CT', damaged, ct)).matched).toBe(true);
    expect((await explain('  - Modality: CT', damaged)).text).toBe(
      'Not matched. Trigger 1 is not met: the only instance, 1.6, fails: Modality cannot be read.',
    );
  });

  it('two flows that match the same batch both match', async () => {
    const verdicts = await Promise.all(
      ['Modality: CT', 'SeriesDescription: Head'].map(key => explain(`  - ${key}`, ct, mr)),
    );
    expect(verdicts.map(verdict => verdict.matched)).toEqual([true, true]);
  });
});

describe('reasons', () => {
  it('say in words which instance met which trigger', async () => {
    const verdict = await explain('  - Modality: CT\n    SeriesDescription: Head|Neck', mr, ct);
    expect(verdict.text).toBe(
      'Matched. Trigger 1 is met by 1.1: Modality "CT" matches "CT", SeriesDescription "Head 2.0" matches "Head|Neck".',
    );
    expect(verdict.triggers[0]?.keys).toEqual([
      { keyword: 'Modality', pattern: 'CT', value: 'CT', met: true, note: 'matched "CT"' },
      { keyword: 'SeriesDescription', pattern: 'Head|Neck', value: 'Head 2.0', met: true, note: 'matched "Head"' },
    ]);
  });

  it('show the instance that came closest: most keys met, then most elements present', async () => {
    const near = instance('1.9', { Modality: ['CT'], SeriesDescription: ['Abdomen'], BodyPartExamined: ['ABDOMEN'] });
    const verdict = await explain(
      '  - Modality: CT\n    SeriesDescription: Head\n    BodyPartExamined: ABD',
      mr,
      ct,
      near,
    );
    expect(verdict.triggers[0]).toMatchObject({ met: false, sopInstanceUid: '1.9' });
    expect(verdict.text).toContain(
      'of 3 instances 1.9 came closest: SeriesDescription "Abdomen" does not match "Head".',
    );
    const present = await explain('  - BodyPartExamined: HEAD', ct, near);
    expect(present.triggers[0]?.sopInstanceUid).toBe('1.9');
    expect((await explain('  - Modality: CR', mr)).text).toBe(
      'Not matched. Trigger 1 is not met: the only instance, 1.2, fails: Modality "MR" does not match "CR".',
    );
  });

  it('count the triggers that are not met', async () => {
    expect((await explain('  - Modality: X\n  - Modality: Y\n  - Modality: Z\n  - Modality: CT', ct)).text).toMatch(
      /^Not matched\. Trigger 1 .* 2 more of 4 triggers are not met\.$/,
    );
    expect((await explain('  - Modality: CT\n  - Modality: C', ct)).text).toBe('Matched: all 2 triggers are met.');
  });

  it('are what the contract says, and small however large the values are', async () => {
    const large = instance('1.7', { TextValue: ['x'.repeat(1_000_000)], ImageType: Array(500).fill('y'.repeat(100)) });
    const triggers = Array.from({ length: 20 }, () => "  - TextValue: 'z'\n    ImageType: 'q'").join('\n');
    const verdict = await explain(triggers, large);
    expect(verdictSchema.parse(verdict)).toEqual(verdict);
    expect(verdict.triggers[0]?.keys[0]?.note).toBe('only the first 16384 characters were searched');
    expect(JSON.stringify(verdict).length).toBeLessThan(60_000);
  });

  it('say that a search took too long', async () => {
    const long = instance('1.8', { SeriesDescription: [`${'a'.repeat(60)}b`] });
    const verdict = await explain("  - SeriesDescription: '^(?=(a+)+$)'", long, long);
    expect(verdict.matched).toBe(false);
    expect(verdict.triggers[0]?.keys[0]?.note).toBe('the search took too long and counts as no match');
    expect(verdict.text).toContain('the search for "^(?=(a+)+$)" in SeriesDescription took too long');
  });

  it('are quick for 50 flows on 2000 instances, and let other work run in between', async () => {
    const flows = Array.from({ length: 50 }, (_, i) =>
      flowOf(
        `triggers:\n  - Modality: CT\n    SeriesDescription: 'Head|Neck|Brain ${i}'\n  - ImageType: '^LOCALIZER$'\n    SOPInstanceUID: '999$'`,
      ),
    );
    const instances = Array.from({ length: 2000 }, (_, i) =>
      instance(`1.2.${i}`, {
        Modality: ['CT'],
        SeriesDescription: [`Thorax ${i % 7}`],
        ImageType: ['ORIGINAL', 'PRIMARY'],
        SOPInstanceUID: [`1.2.${i}`],
      }),
    );
    let longest = 0;
    let last = performance.now();
    const ticking = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    const began = performance.now();
    for (const flow of flows) expect((await explainFlow(flow, 'f.yml', instances)).matched).toBe(false);
    const took = performance.now() - began;
    clearInterval(ticking);
    expect(took).toBeLessThan(5000);
    expect(longest).toBeLessThan(1000);
  });
});
