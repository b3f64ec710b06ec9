import type { Key } from './export-dicomdir.ts';

/** A key that is copied from the instance: its tag, VR and keyword, PS3.3 §F.5. */
type Copied = [tag: number, vr: string, keyword: string];

/** What the directory record of an instance is called, and what it says beside the number of the instance. */
export interface RecordKind {
  type: string;
  copied: Copied[];
  /** Its (0040,A043) is copied too. */
  conceptName?: true;
  /** It belongs to no patient, and its record stands at the root. */
  root?: true;
}

const contentDate: Copied[] = [
  [0x00080023, 'DA', 'ContentDate'],
  [0x00080033, 'TM', 'ContentTime'],
];
const contentLabel: Copied[] = [
  [0x00700080, 'CS', 'ContentLabel'],
  [0x00700081, 'LO', 'ContentDescription'],
  [0x00700084, 'PN', 'ContentCreatorName'],
];
const image: RecordKind = { type: 'IMAGE', copied: [] };
const rtRecord: RecordKind = {
  type: 'RT TREAT RECORD',
  copied: [
    [0x30080250, 'DA', 'TreatmentDate'],
    [0x30080251, 'TM', 'TreatmentTime'],
  ],
};
const rtPlan: RecordKind = {
  type: 'RT PLAN',
  copied: [
    [0x300a0002, 'SH', 'RTPlanLabel'],
    [0x300a0006, 'DA', 'RTPlanDate'],
    [0x300a0007, 'TM', 'RTPlanTime'],
  ],
};
const labelled = (type: string): RecordKind => ({ type, copied: [...contentDate, ...contentLabel] });
const atRoot = (type: string): RecordKind => ({ type, copied: [], root: true });

/** By the rest of the SOP class UID behind 1.2.840.10008.5.1.4; the longest beginning counts. Everything else is an image. */
const kinds: [begins: string, kind: RecordKind][] = [
  ['.1.1.481.2', { type: 'RT DOSE', copied: [[0x3004000a, 'CS', 'DoseSummationType']] }],
  [
    '.1.1.481.3',
    {
      type: 'RT STRUCTURE SET',
      copied: [
        [0x30060002, 'SH', 'StructureSetLabel'],
        [0x30060008, 'DA', 'StructureSetDate'],
        [0x30060009, 'TM', 'StructureSetTime'],
      ],
    },
  ],
  ['.1.1.481.5', rtPlan],
  ['.1.1.481.8', rtPlan],
  ['.1.1.481.4', rtRecord],
  ['.1.1.481.6', rtRecord],
  ['.1.1.481.7', rtRecord],
  ['.1.1.481.9', rtRecord],
  [
    '.1.1.88',
    {
      type: 'SR DOCUMENT',
      copied: [
        ...contentDate,
        [0x0040a030, 'DT', 'VerificationDateTime'],
        [0x0040a491, 'CS', 'CompletionFlag'],
        [0x0040a493, 'CS', 'VerificationFlag'],
      ],
      conceptName: true,
    },
  ],
  ['.1.1.88.59', { type: 'KEY OBJECT DOC', copied: contentDate, conceptName: true }],
  [
    '.1.1.11',
    {
      type: 'PRESENTATION',
      copied: [
        [0x00700082, 'DA', 'PresentationCreationDate'],
        [0x00700083, 'TM', 'PresentationCreationTime'],
        ...contentLabel,
      ],
    },
  ],
  ['.1.1.9', { type: 'WAVEFORM', copied: contentDate }],
  [
    '.1.1.104',
    {
      type: 'ENCAP DOC',
      copied: [
        ...contentDate,
        [0x00420010, 'ST', 'DocumentTitle'],
        [0x00420012, 'LO', 'MIMETypeOfEncapsulatedDocument'],
      ],
      conceptName: true,
    },
  ],
  ['.1.1.66', { type: 'RAW DATA', copied: contentDate }],
  ['.1.1.66.1', labelled('REGISTRATION')],
  ['.1.1.66.2', labelled('FIDUCIAL')],
  ['.1.1.66.3', labelled('REGISTRATION')],
  ['.1.1.66.4', image],
  ['.1.1.66.5', labelled('SURFACE')],
  ['.1.1.66.6', labelled('TRACT')],
  ['.1.1.67', labelled('VALUE MAP')],
  ['.1.1.77.1.5.3', { type: 'STEREOMETRIC', copied: contentLabel }],
  [
    '.1.1.4.2',
    {
      type: 'SPECTROSCOPY',
      copied: [
        [0x00080008, 'CS', 'ImageType'],
        ...contentDate,
        [0x00280008, 'IS', 'NumberOfFrames'],
        [0x00280010, 'US', 'Rows'],
        [0x00280011, 'US', 'Columns'],
        [0x00289001, 'UL', 'DataPointRows'],
        [0x00289002, 'UL', 'DataPointColumns'],
      ],
    },
  ],
  ['.38', atRoot('HANGING PROTOCOL')],
  ['.39', atRoot('PALETTE')],
  ['.43', atRoot('IMPLANT')],
  ['.44', atRoot('IMPLANT ASSY')],
  ['.45', atRoot('IMPLANT GROUP')],
];

export function recordKind(sopClassUid: string): RecordKind {
  const rest = sopClassUid.replace(/^1\.2\.840\.10008\.5\.1\.4/, '');
  const fitting = kinds.filter(([begins]) => rest === begins || rest.startsWith(`${begins}.`));
  return fitting.sort(([a], [b]) => b.length - a.length)[0]?.[1] ?? image;
}

/** Whether the index alone knows what the record has to say. */
export const isPlainImage = (kind: RecordKind): boolean => kind === image;

/** Keys in the order of their tags, as a data set has to be. */
export const inTagOrder = (keys: Key[]): Key[] => keys.sort(([a], [b]) => a - b);
