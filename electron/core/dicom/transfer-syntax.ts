import type { Encoding } from './element-scanner.ts';

export const transferSyntax = {
  implicitLittleEndian: '1.2.840.10008.1.2',
  explicitLittleEndian: '1.2.840.10008.1.2.1',
  deflatedExplicitLittleEndian: '1.2.840.10008.1.2.1.99',
  explicitBigEndian: '1.2.840.10008.1.2.2',
} as const;

/** Transfer syntaxes whose whole data set is a deflate stream, PS3.5 §A.5; the last is JPIP Referenced Deflate. */
const deflated = new Set<string>([
  transferSyntax.deflatedExplicitLittleEndian,
  '1.2.840.10008.1.2.4.95',
  '1.2.840.10008.1.2.4.205',
]);

export const isDeflated = (uid: string) => deflated.has(uid);

/** How the elements of a data set are written; everything but two old syntaxes is explicit little endian, PS3.5 §10. */
export const encodingOf = (uid: string): Encoding => ({
  explicit: uid !== transferSyntax.implicitLittleEndian,
  bigEndian: uid === transferSyntax.explicitBigEndian,
});
