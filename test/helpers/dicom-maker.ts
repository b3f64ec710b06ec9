import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Generated DICOM for tests: Part 10 files in explicit VR little endian, valid for DCMTK and Orthanc. */
export interface MadeInstance {
  file: string;
  sopClassUid: string;
  sopInstanceUid: string;
  seriesInstanceUid: string;
  studyInstanceUid: string;
}

export interface StudyOrder {
  directory: string;
  instances: number;
  modality?: string;
  seriesDescription?: string;
  studyDescription?: string;
  patientName?: string;
  patientId?: string;
  /** Square image side; 512 gives 0.5 MB of 16-bit pixels. */
  side?: number;
  /** Further elements by tag (8 hex digits), VR and text value. */
  extra?: [tag: string, vr: string, value: string][];
}

const ctImageStorage = '1.2.840.10008.5.1.4.1.1.2';
const mrImageStorage = '1.2.840.10008.5.1.4.1.1.4';
const explicitLittleEndian = '1.2.840.10008.1.2.1';

/** A UID below the UUID root, PS3.5 Annex B.2. */
export const newUid = () => `2.25.${BigInt(`0x${randomBytes(15).toString('hex')}`)}`;

/** Long-form VRs carry two reserved bytes and a 32-bit length, PS3.5 §7.1.2. */
const longForm = new Set(['OB', 'OW', 'UN', 'UT', 'SQ', 'OF']);

export function element(tag: string, vr: string, value: string | Buffer): Buffer {
  let bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  if (bytes.length % 2 === 1) bytes = Buffer.concat([bytes, Buffer.from([vr === 'UI' || vr === 'OB' ? 0 : 0x20])]);
  const head = Buffer.alloc(longForm.has(vr) ? 12 : 8);
  head.writeUInt16LE(Number.parseInt(tag.slice(0, 4), 16), 0);
  head.writeUInt16LE(Number.parseInt(tag.slice(4), 16), 2);
  head.write(vr, 4, 'latin1');
  if (longForm.has(vr)) head.writeUInt32LE(bytes.length, 8);
  else head.writeUInt16LE(bytes.length, 6);
  return Buffer.concat([head, bytes]);
}

export const us = (value: number) => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
};

/** Part 10 file from elements in tag order, PS3.10 §7.1. */
export function part10(
  sopClassUid: string,
  sopInstanceUid: string,
  dataSet: Buffer,
  transferSyntax = explicitLittleEndian,
): Buffer {
  const meta = Buffer.concat([
    element('00020001', 'OB', Buffer.from([0, 1])),
    element('00020002', 'UI', sopClassUid),
    element('00020003', 'UI', sopInstanceUid),
    element('00020010', 'UI', transferSyntax),
    element('00020012', 'UI', '2.25.1'),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(meta.length);
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), element('00020000', 'UL', length), meta, dataSet]);
}

/** Writes one study of one series; pixels differ in every instance. */
export function makeStudy(order: StudyOrder): MadeInstance[] {
  mkdirSync(order.directory, { recursive: true });
  const modality = order.modality ?? 'CT';
  const sopClassUid = modality === 'MR' ? mrImageStorage : ctImageStorage;
  const studyInstanceUid = newUid();
  const seriesInstanceUid = newUid();
  const side = order.side ?? 16;
  return Array.from({ length: order.instances }, (_, index) => {
    const sopInstanceUid = newUid();
    const elements: [string, string, string | Buffer][] = [
      ['00080005', 'CS', 'ISO_IR 192'],
      ['00080008', 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'],
      ['00080016', 'UI', sopClassUid],
      ['00080018', 'UI', sopInstanceUid],
      ['00080020', 'DA', '20261121'],
      ['00080030', 'TM', '101500'],
      ['00080050', 'SH', 'ACC-1'],
      ['00080060', 'CS', modality],
      ['00081030', 'LO', order.studyDescription ?? 'Thorax routine'],
      ['0008103E', 'LO', order.seriesDescription ?? 'Axial 5 mm'],
      ['00100010', 'PN', order.patientName ?? 'Doe^Jane'],
      ['00100020', 'LO', order.patientId ?? 'PAT-1'],
      ['00100030', 'DA', '19700101'],
      ['00100040', 'CS', 'F'],
      ['0020000D', 'UI', studyInstanceUid],
      ['0020000E', 'UI', seriesInstanceUid],
      ['00200010', 'SH', 'S1'],
      ['00200011', 'IS', '1'],
      ['00200013', 'IS', String(index + 1)],
      ['00280002', 'US', us(1)],
      ['00280004', 'CS', 'MONOCHROME2'],
      ['00280010', 'US', us(side)],
      ['00280011', 'US', us(side)],
      ['00280100', 'US', us(16)],
      ['00280101', 'US', us(16)],
      ['00280102', 'US', us(15)],
      ['00280103', 'US', us(0)],
      ...(order.extra ?? []),
      ['7FE00010', 'OW', randomBytes(side * side * 2)],
    ];
    elements.sort((a, b) => (a[0] < b[0] ? -1 : 1));
    const dataSet = Buffer.concat(elements.map(([tag, vr, value]) => element(tag, vr, value)));
    const file = join(order.directory, `${String(index + 1).padStart(5, '0')}.dcm`);
    writeFileSync(file, part10(sopClassUid, sopInstanceUid, dataSet));
    return { file, sopClassUid, sopInstanceUid, seriesInstanceUid, studyInstanceUid };
  });
}
