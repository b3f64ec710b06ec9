import { closeSync, constants, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Disks write whole blocks; unbuffered writes begin and end on them, in the file and in memory. */
export const blockBytes = 4096;
export const slabBytes = 2 ** 18;
/** Slabs are made so many at a time; memory is taken from the machine when a slab is first filled. */
const slabsAtOnce = 64;

/** Reusable memory for the bytes of arriving objects: none is allocated, or collected, while images arrive. */
export interface Slabs {
  /** @returns `slabBytes` bytes with whatever was in them before */
  take(): Buffer;
  give(slab: Buffer): void;
}

/** Memory of WebAssembly begins on a page of the machine, which no other memory of JavaScript is sure to do. */
export function createSlabs(): Slabs {
  const free: Buffer[] = [];
  return {
    take() {
      if (free.length === 0) {
        const { buffer } = new WebAssembly.Memory({ initial: (slabsAtOnce * slabBytes) / 2 ** 16 });
        for (let index = slabsAtOnce; index-- > 0; ) free.push(Buffer.from(buffer, index * slabBytes, slabBytes));
      }
      return free.pop() as Buffer;
    },
    give: slab => void free.push(slab),
  };
}

/**
 * The flags by which a file in this directory is opened to write whole blocks past the page cache (O_DIRECT); undefined
 * where the file system or the machine cannot. What has to be on the disk before the answer need not be copied to the
 * cache first, and an archive that fills does not push out of it what is read.
 */
export function unbufferedFlags(directory: string, slabs: Slabs): number | undefined {
  const { O_WRONLY, O_DIRECT } = constants;
  if (!O_DIRECT) return undefined;
  const probe = join(directory, `unbuffered-${process.pid}.part`);
  const slab = slabs.take();
  try {
    closeSync(openSync(probe, 'wx', 0o640));
    const descriptor = openSync(probe, O_WRONLY | O_DIRECT);
    try {
      writeSync(descriptor, slab, 0, blockBytes, 0);
    } finally {
      closeSync(descriptor);
    }
    return O_WRONLY | O_DIRECT;
  } catch {
    return undefined;
  } finally {
    slabs.give(slab);
    rmSync(probe, { force: true });
  }
}
