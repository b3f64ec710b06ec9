import { valuesOf } from './dicom-file.ts';
import { createElementScanner, type KeptElement } from './element-scanner.ts';
import { encodingOf } from './transfer-syntax.ts';

/** What the index keeps of an instance, by tag. */
const indexed = {
  sopClassUid: [0x00080016, 'UI'],
  sopInstanceUid: [0x00080018, 'UI'],
  studyDate: [0x00080020, 'DA'],
  studyTime: [0x00080030, 'TM'],
  accessionNumber: [0x00080050, 'SH'],
  modality: [0x00080060, 'CS'],
  studyDescription: [0x00081030, 'LO'],
  seriesDescription: [0x0008103e, 'LO'],
  patientName: [0x00100010, 'PN'],
  patientId: [0x00100020, 'LO'],
  patientBirthDate: [0x00100030, 'DA'],
  patientSex: [0x00100040, 'CS'],
  bodyPartExamined: [0x00180015, 'CS'],
  studyInstanceUid: [0x0020000d, 'UI'],
  seriesInstanceUid: [0x0020000e, 'UI'],
  seriesNumber: [0x00200011, 'IS'],
  instanceNumber: [0x00200013, 'IS'],
} as const satisfies Record<string, readonly [tag: number, vr: string]>;

/** Attributes of an instance as text; '' for what is absent or empty. */
export type IndexedAttributes = Record<keyof typeof indexed, string>;

const specificCharacterSet = 0x00080005;
const wanted = new Set<number>([specificCharacterSet, ...Object.values(indexed).map(([tag]) => tag)]);
const uids = [indexed.sopClassUid, indexed.sopInstanceUid, indexed.studyInstanceUid, indexed.seriesInstanceUid].map(
  ([tag]) => tag,
);
const lastIndexed: number = indexed.instanceNumber[0];
const mostOfValue = 1024;

/** Collects the indexed attributes from a data set as it arrives. */
export interface IndexScan {
  push(chunk: Buffer): void;
  /** True when everything is known and the rest of the data set need not be pushed. */
  readonly done: boolean;
  /** The data set ends here. */
  end(): { attributes: IndexedAttributes; problem: string | undefined };
}

/** Not for deflated transfer syntaxes: those are read from the finished file. */
export function createIndexScan(transferSyntaxUid: string): IndexScan {
  const elements = new Map<number, KeptElement>();
  const encoding = encodingOf(transferSyntaxUid);
  let done = false;
  const scanner = createElementScanner({
    encoding,
    keep: tag => (wanted.has(tag) ? mostOfValue : 0),
    // Elements come in ascending order; where they do not, the search for the UIDs goes on to the pixel data.
    stop: tag => tag > lastIndexed && (tag >= 0x7fe00000 || uids.every(uid => elements.has(uid))),
    element(element) {
      if (!elements.has(element.tag)) elements.set(element.tag, element);
    },
  });
  return {
    get done() {
      return done;
    },
    push(chunk) {
      if (!done) done = scanner.push(chunk);
    },
    end() {
      if (!done) scanner.end();
      return { attributes: attributesOf({ elements, bigEndian: encoding.bigEndian }), problem: scanner.problem };
    },
  };
}

/** The indexed attributes among the elements of a file. */
export function attributesOf(file: Parameters<typeof valuesOf>[0]): IndexedAttributes {
  const entries = Object.entries(indexed).map(([key, [tag, vr]]) => {
    const text = (valuesOf(file, tag, vr) ?? []).join('\\');
    return [key, text.length > mostOfValue ? text.slice(0, mostOfValue) : text];
  });
  return Object.fromEntries(entries);
}
