import { createHash, randomBytes } from 'node:crypto';
import { constants, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { openDirectory } from '../../../electron/core/inbox/durable.ts';
import { createObjectFile } from '../../../electron/core/inbox/object-file.ts';
import { createSlabs, type Slabs, slabBytes, unbufferedFlags } from '../../../electron/core/inbox/slabs.ts';

const directory = mkdtempSync(join(tmpdir(), 'gantry-object-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const head = Buffer.from('h'.repeat(500) + '_'.repeat(40), 'latin1');
const sealOffset = 500;

/** Slabs that count how many are out. */
function counted(): Slabs & { out: number } {
  const slabs = createSlabs();
  const counting = {
    out: 0,
    take() {
      counting.out++;
      return slabs.take().fill(0xee);
    },
    give(slab: Buffer) {
      counting.out--;
      slabs.give(slab);
    },
  };
  return counting;
}

let files = 0;
function order(unbuffered: number | undefined) {
  const slabs = counted();
  const path = join(directory, `${++files}.part`);
  let resumed = 0;
  const file = createObjectFile({ path, unbuffered, head, sealOffset, slabs, resume: () => resumed++ });
  return { slabs, path, file, resumed: () => resumed };
}

/** Lets what was asked of the disk come to its end. */
const settled = () => new Promise(resolve => setTimeout(resolve, 50));

/** Flags with which no file can be opened, as when there are no descriptors left. */
const impossible = constants.O_DIRECTORY | constants.O_WRONLY;

describe.each([
  ['past the page cache', unbufferedFlags(directory, createSlabs())],
  ['through the page cache', undefined],
  ['where the second descriptor cannot be had', impossible],
])('an object written %s', (_, unbuffered) => {
  const sizes = [0, 1, 3556, 65_536 - 540, 65_536, slabBytes - 540, slabBytes, 2 * slabBytes - 540, 3_000_001];
  it.each(sizes)('of %i bytes is head, seal and data set, and gives its slabs back', async size => {
    const { slabs, path, file } = order(unbuffered);
    const data = randomBytes(size);
    for (let at = 0; at < size; at += 60_001) file.write(data.subarray(at, at + 60_001));
    const final = path.replace('.part', '.dcm');
    await file.seal((bytes, crc) => Buffer.from(`${bytes} ${crc}`.padEnd(40), 'latin1'));
    const names = openDirectory(directory);
    const { sha256 } = await file.settle(final, names.sync);
    names.close();
    await settled();
    expect(sha256).toEqual(createHash('sha256').update(data).digest());
    const seal = `${size} ${crc32(data)}`.padEnd(40);
    expect(readFileSync(final).equals(Buffer.concat([head.subarray(0, 500), Buffer.from(seal), data]))).toBe(true);
    expect(existsSync(path)).toBe(false);
    expect(slabs.out).toBe(0);
  });

  it('holds its sender back while the disk is behind, and lets it go on', async () => {
    const { file, resumed } = order(unbuffered);
    const piece = Buffer.alloc(slabBytes);
    let written = 0;
    while (file.write(piece) && written < 1000) written++;
    expect(written).toBeLessThan(1000);
    await settled();
    expect(resumed()).toBe(1);
    file.discard();
  });

  it('leaves nothing when it is discarded during its writes', async () => {
    const { slabs, path, file } = order(unbuffered);
    file.write(Buffer.alloc(3 * slabBytes));
    file.discard();
    await settled();
    expect(existsSync(path)).toBe(false);
    expect(slabs.out).toBe(0);
  });
});
