import { expect, it } from 'vitest';
import { sopClassName, transferSyntaxName } from '../../../electron/core/dicom/uid-names.ts';

it('names SOP classes and transfer syntaxes, and leaves unknown UIDs as they are', () => {
  expect(sopClassName('1.2.840.10008.5.1.4.1.1.2')).toBe('CT Image Storage');
  expect(sopClassName('1.2.840.10008.1.1')).toBe('Verification');
  expect(sopClassName('1.2.840.10008.5.1.4.38.1')).toBe('Hanging Protocol Storage');
  expect(sopClassName('2.25.1')).toBe('2.25.1');
  expect(transferSyntaxName('1.2.840.10008.1.2.4.90')).toBe('JPEG 2000 Lossless');
  expect(transferSyntaxName('2.25.1')).toBe('2.25.1');
});
