import { open } from 'node:fs/promises';
import { constants, inflateRawSync } from 'node:zlib';
import { readDicomFile, valuesOf } from './dicom-file.ts';
import type { KeptElement } from './element-scanner.ts';
import { flatElements } from './flat-elements.ts';
import { isDeflated } from './transfer-syntax.ts';

/** A code as PS3.3 §8.8 has it. */
export interface Code {
  value: string;
  scheme: string;
  meaning: string;
}

const conceptNameCodeSequence = 0x0040a043;
/** It stands before the content of a document: what is further behind is not looked at. */
const mostBytes = 2 ** 20;

/** The code in (0040,A043) Concept Name Code Sequence of a document: its title. Undefined when there is none to be read. */
export async function readConceptName(path: string): Promise<Code | undefined> {
  const file = await readDicomFile(path);
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(mostBytes), 0, mostBytes, file.dataSetOffset);
    const read = buffer.subarray(0, bytesRead);
    const bytes = isDeflated(file.transferSyntaxUid) ? beginningOf(read) : read;
    const elements = new Map<number, KeptElement>();
    const specific = file.elements.get(0x00080005);
    if (specific) elements.set(specific.tag, specific);
    let inside = false;
    for (const element of flatElements(bytes, file.bigEndian)) {
      if (element.tag === conceptNameCodeSequence) {
        if (inside) break;
        inside = true;
      } else if (inside) {
        if (element.tag >>> 16 !== 8) break;
        elements.set(element.tag, element);
      }
    }
    const text = (tag: number, vr: string) => valuesOf({ elements, bigEndian: file.bigEndian }, tag, vr)?.[0] ?? '';
    const code = { value: text(0x00080100, 'SH'), scheme: text(0x00080102, 'SH'), meaning: text(0x00080104, 'LO') };
    return code.value === '' ? undefined : code;
  } finally {
    await handle.close();
  }
}

/** What the beginning of a deflated data set unfolds to; nothing when it is a bomb or damaged. */
function beginningOf(deflated: Buffer): Buffer {
  try {
    return inflateRawSync(deflated, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 16 * mostBytes });
  } catch {
    return Buffer.alloc(0);
  }
}
