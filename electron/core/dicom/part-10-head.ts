/** Writes what comes before the data set in a Part 10 file: preamble, prefix and file meta, PS3.10 §7.1. */

/** Below the UUID root, PS3.5 Annex B.2; names this implementation to peers and in files. */
export const implementationClassUid = '2.25.187434118231877780971668931413993451491';
export const implementationVersionName = 'GANTRY_0_1';
/** Creator of our (0002,0102) Private Information. */
export const privateInformationCreatorUid = '2.25.22929776292986295375967518069190577326';

export interface Part10Head {
  sopClassUid: string;
  sopInstanceUid: string;
  transferSyntaxUid: string;
  sourceAeTitle: string;
  /** Room kept for the private information, in bytes, even. */
  privateBytes: number;
}

/** @returns the bytes, and where in them the private information begins; it is filled with NUL */
export function writePart10Head(head: Part10Head): { bytes: Buffer; privateOffset: number } {
  const beforePrivate = Buffer.concat([
    element(0x0001, 'OB', Buffer.from([0, 1])),
    element(0x0002, 'UI', text(head.sopClassUid, '\0')),
    element(0x0003, 'UI', text(head.sopInstanceUid, '\0')),
    element(0x0010, 'UI', text(head.transferSyntaxUid, '\0')),
    element(0x0012, 'UI', text(implementationClassUid, '\0')),
    element(0x0013, 'SH', text(implementationVersionName, ' ')),
    ...(head.sourceAeTitle ? [element(0x0016, 'AE', text(head.sourceAeTitle, ' '))] : []),
    element(0x0100, 'UI', text(privateInformationCreatorUid, '\0')),
  ]);
  const privateInformation = element(0x0102, 'OB', Buffer.alloc(head.privateBytes));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(beforePrivate.length + privateInformation.length);
  const start = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), element(0x0000, 'UL', length)]);
  const bytes = Buffer.concat([start, beforePrivate, privateInformation]);
  return { bytes, privateOffset: bytes.length - head.privateBytes };
}

function text(value: string, pad: string): Buffer {
  return Buffer.from(value.length % 2 === 0 ? value : value + pad, 'latin1');
}

/** Explicit VR little endian, PS3.5 §7.1.2. */
function element(number: number, vr: 'OB' | 'UI' | 'SH' | 'AE' | 'UL', value: Buffer): Buffer {
  const head = Buffer.alloc(vr === 'OB' ? 12 : 8);
  head.writeUInt16LE(0x0002, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4, 'latin1');
  if (vr === 'OB') head.writeUInt32LE(value.length, 8);
  else head.writeUInt16LE(value.length, 6);
  return Buffer.concat([head, value]);
}
