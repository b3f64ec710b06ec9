import { describe, expect, it } from 'vitest';
import { answerContext, serviceOf } from '../../../electron/core/dicom/accepted-contexts.ts';

describe('presentation contexts', () => {
  it.each([
    '1.2.840.10008.5.1.4.1.1.2',
    '1.2.840.10008.5.1.4.1.1.201.1',
    '1.2.840.10008.5.1.4.34.7',
    '1.2.840.10008.5.1.4.38.1',
    '1.2.840.10008.5.1.1.30',
    '1.2.840.10008.5.1.4.1.1.999.7',
    '1.3.12.2.1107.5.9.1',
    '2.25.42',
  ])('of a storage, unknown or private SOP class are accepted: %s', uid => {
    expect(serviceOf(uid)).toBe('storage');
  });

  it.each([
    ['Storage Commitment', '1.2.840.10008.1.20.1'],
    ['Study Root FIND', '1.2.840.10008.5.1.4.1.2.2.1'],
    ['Study Root MOVE', '1.2.840.10008.5.1.4.1.2.2.2'],
    ['Modality Worklist', '1.2.840.10008.5.1.4.31'],
    ['MPPS', '1.2.840.10008.3.1.2.3.3'],
    ['UPS Push', '1.2.840.10008.5.1.4.34.6.1'],
    ['Hanging Protocol FIND', '1.2.840.10008.5.1.4.38.2'],
    ['Basic Film Session', '1.2.840.10008.5.1.1.1'],
    ['DICOMDIR', '1.2.840.10008.1.3.10'],
    ['Protocol Approval FIND', '1.2.840.10008.5.1.4.1.1.200.4'],
    ['no UID', 'abc'],
    ['an empty one', ''],
  ])('of other services are not supported: %s', (_, abstractSyntax) => {
    const answer = answerContext({ id: 3, abstractSyntax, transferSyntaxes: ['1.2.840.10008.1.2'] });
    expect(answer).toEqual({ id: 3, result: 3, transferSyntax: '1.2.840.10008.1.2' });
  });

  it('take the first transfer syntax, whichever it is', () => {
    const transferSyntaxes = ['1.2.3.4.5', '1.2.840.10008.1.2'];
    expect(answerContext({ id: 1, abstractSyntax: '1.2.840.10008.5.1.4.1.1.2', transferSyntaxes })).toEqual({
      id: 1,
      result: 0,
      transferSyntax: '1.2.3.4.5',
    });
    expect(answerContext({ id: 1, abstractSyntax: '1.2.840.10008.5.1.4.1.1.2', transferSyntaxes: [] }).result).toBe(4);
  });
});
