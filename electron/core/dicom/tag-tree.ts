import { open } from 'node:fs/promises';
import { constants, inflateRawSync } from 'node:zlib';
import type { Tag } from '../../../shared/schemas/tags.ts';
import { readDicomFile } from './dicom-file.ts';
import { tagInWords } from './element-scanner.ts';
import { elementValues } from './element-values.ts';
import { keywordOf } from './keyword-tags.ts';
import { encodingOf, isDeflated } from './transfer-syntax.ts';

const mostBytes = 16 * 2 ** 20;
const mostElements = 20_000;
const mostDepth = 32;
const mostText = 1000;
const undefinedLength = 0xffffffff;
const [item, itemEnd, sequenceEnd] = [0xfffee000, 0xfffee00d, 0xfffee0dd];
const specificCharacterSet = 0x00080005;
/** VRs with 2 reserved bytes and a 32-bit length, PS3.5 §7.1.2; what is no VR is taken for implicit. */
const longForm = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
const bulk = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'UN']);

/**
 * Every element of a file up to its pixel data, with those in sequences, in the order of the file; for people to look at.
 * Bounded in bytes, elements and depth: `problem` says where it stopped.
 *
 * @throws NOT_DICOM; errors of the file system as they are
 */
export async function readTagTree(path: string): Promise<{ items: Tag[]; problem: string }> {
  const file = await readDicomFile(path);
  const deflated = isDeflated(file.transferSyntaxUid);
  const wanted = deflated ? file.size - file.dataSetOffset : (file.stoppedAt?.offset ?? file.size - file.dataSetOffset);
  const handle = await open(path, 'r');
  try {
    const read = async (from: number, length: number) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, from);
      return buffer.subarray(0, bytesRead);
    };
    const stored = await read(file.dataSetOffset, Math.min(wanted, mostBytes));
    const bytes = deflated ? inflated(stored) : stored;
    const meta =
      file.dataSetOffset > 132 ? await read(132, Math.min(file.dataSetOffset - 132, mostBytes)) : Buffer.alloc(0);
    const tree = createTree();
    tree.walk(meta, { explicit: true, bigEndian: false });
    tree.walk(bytes, encodingOf(file.transferSyntaxUid));
    const cut = wanted > mostBytes ? `Only the first ${mostBytes / 2 ** 20} MiB are shown` : '';
    return { items: tree.items, problem: tree.problem() || file.problem || cut };
  } finally {
    await handle.close();
  }
}

/** Nothing when it is damaged or a bomb: the file says why it could not be read. */
function inflated(stored: Buffer): Buffer {
  try {
    return inflateRawSync(stored, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 4 * mostBytes });
  } catch {
    return Buffer.alloc(0);
  }
}

function createTree() {
  const items: Tag[] = [];
  let problem = '';

  function walk(bytes: Buffer, { explicit, bigEndian }: { explicit: boolean; bigEndian: boolean }) {
    const u16 = (at: number) => (bigEndian ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at));
    const u32 = (at: number) => (bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
    const tagAt = (at: number) => u16(at) * 0x10000 + u16(at + 2);

    /** Elements from `from` to `end`, or to the delimiter of their item. @returns where they end */
    function dataSet(from: number, end: number, depth: number, withVr: boolean, inherited: readonly string[]): number {
      let at = from;
      let characterSets = inherited;
      while (at + 8 <= end && problem === '' && items.length < mostElements) {
        const tag = tagAt(at);
        if (tag === itemEnd) return at + 8;
        if (tag === sequenceEnd) return at;
        const given = withVr ? bytes.toString('latin1', at + 4, at + 6) : '';
        const long = longForm.has(given);
        const { keyword, vr: known } = keywordOf(tag);
        const vr = given || known;
        if (long && at + 12 > end) break;
        const length = !withVr ? u32(at + 4) : long ? u32(at + 8) : u16(at + 6);
        at += long ? 12 : 8;
        const open = length === undefinedLength;
        const shown = { depth, tag: tagInWords(tag), vr, keyword, length: open ? null : length };
        if (vr === 'SQ' || open) {
          items.push({ ...shown, value: '' });
          // PS3.5 §6.2.2 note: UN of undefined length is a sequence in implicit VR little endian.
          at = sequence(
            at,
            open ? end : Math.min(end, at + length),
            depth + 1,
            withVr && given !== 'UN',
            characterSets,
          );
          continue;
        }
        const value = bytes.subarray(at, Math.min(end, at + length));
        const values = bulk.has(vr) ? [] : elementValues(vr, value, characterSets, bigEndian);
        if (tag === specificCharacterSet) characterSets = values;
        items.push({ ...shown, value: cut(values.join('\\')) });
        if (at + length > end) problem = `${tagInWords(tag)} is longer than what holds it`;
        at += length;
      }
      if (items.length >= mostElements) problem ||= `Only the first ${mostElements} elements are shown`;
      return at;
    }

    function sequence(from: number, end: number, depth: number, withVr: boolean, sets: readonly string[]): number {
      if (depth > mostDepth) problem = `Sequences deeper than ${mostDepth} are not shown`;
      let at = from;
      for (let number = 1; at + 8 <= end && problem === ''; number++) {
        const [tag, length] = [tagAt(at), u32(at + 4)];
        at += 8;
        if (tag === sequenceEnd) return at;
        if (tag !== item) {
          problem = `${tagInWords(tag)} stands where an item should`;
          return at;
        }
        const open = length === undefinedLength;
        items.push({ depth, tag: '', vr: '', keyword: String(number), value: '', length: open ? null : length });
        const itemEndsAt = open ? end : Math.min(end, at + length);
        const ended = dataSet(at, itemEndsAt, depth + 1, withVr, sets);
        at = open ? ended : itemEndsAt;
      }
      return at;
    }

    dataSet(0, bytes.length, 0, explicit, []);
  }

  return { items, walk, problem: () => problem };
}

const cut = (text: string) => (text.length > mostText ? `${text.slice(0, mostText)}…` : text);
