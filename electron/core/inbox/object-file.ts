import { createHash } from 'node:crypto';
import { closeSync, openSync, renameSync, unlinkSync, write as writeAt, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { fileSync } from './durable.ts';
import { blockBytes, type Slabs, slabBytes } from './slabs.ts';

/**
 * The file of one arriving object. Its bytes are gathered in slabs, which other threads write while more arrive, past
 * the page cache where that is possible; the first block is written last, for it holds the seal.
 */
export interface ObjectFile {
  /** @returns false when more waits for the disk than should; `resume` is called when there is room */
  write(data: Buffer): boolean;
  /** Writes what is left and the seal. Rejects with the error of the file system. */
  seal(seal: (bytes: number, crc: number) => Buffer): Promise<{ bytes: number }>;
  /** Gives the file its final name and makes it durable; its directory has to be synced as well. */
  settle(finalFile: string, directorySync: () => Promise<void>): Promise<{ sha256: Buffer }>;
  /** Takes the file away, wherever it is. */
  discard(): void;
}

interface Order {
  path: string;
  /** From `unbufferedFlags`. */
  unbuffered: number | undefined;
  /** Everything before the data set; the seal goes to `sealOffset` in it. It fits into one block. */
  head: Buffer;
  sealOffset: number;
  slabs: Slabs;
  resume(): void;
}

/** A sender is held back while so many slabs of its object are being written. */
const mostWriting = 8;
/** Slabs that may wait to be hashed: an object up to this size is hashed while the disk syncs it. */
const mostUnhashed = 4;

/** An object up to this size is written at once: that is quicker than by another thread. */
const atOnce = 2 ** 16;

/** What one slab holds of the file. */
interface Piece {
  slab: Buffer;
  /** Where it begins in the file. */
  at: number;
  /** Where in it the data set begins, and where it ends so far. */
  start: number;
  fill: number;
  written: boolean;
  hashed: boolean;
}

/** @throws the error of the file system when the file cannot be made */
export function createObjectFile({ path, unbuffered, head, sealOffset, slabs, resume }: Order): ObjectFile {
  const descriptor = openSync(path, 'wx', 0o640);
  /** The same file, for whole blocks. */
  let blocks: number | undefined;
  const hash = createHash('sha256');
  const mine = new Set<Buffer>();
  const first = pieceAt(0);
  first.start = first.fill = head.copy(first.slab);
  let piece = first;
  let name = path;
  let crc = 0;
  let bytes = 0;
  const unhashed: Piece[] = [];
  let writing = 0;
  let whenWritten: (() => void)[] = [];
  let held = false;
  let closing = false;
  let failure: Error | undefined;

  function pieceAt(at: number): Piece {
    const slab = slabs.take();
    mine.add(slab);
    return { slab, at, start: 0, fill: 0, written: false, hashed: false };
  }

  /** The first piece is needed until the seal is in it, and on the disk. */
  function giveBack(done: Piece) {
    if (done.written && done.hashed && done !== first && mine.delete(done.slab)) slabs.give(done.slab);
  }

  function hashOldest() {
    const oldest = unhashed.shift() as Piece;
    hash.update(oldest.slab.subarray(oldest.start, oldest.fill));
    oldest.hashed = true;
    giveBack(oldest);
  }

  /**
   * The piece is full, or the last one: writes its whole blocks, but for what belongs to the first block of the file.
   * @returns where in it the bytes begin that are left
   */
  function complete(): number {
    const done = piece;
    crc = crc32(done.slab.subarray(done.start, done.fill), crc);
    unhashed.push(done);
    if (unhashed.length > mostUnhashed) hashOldest();
    const from = done === first ? Math.min(done.fill, firstBytes()) : 0;
    const to = done.fill - (done.fill % blockBytes);
    if (to > from) put(done, from, to);
    return Math.max(from, to);
  }

  /** What waits for the seal. */
  const firstBytes = () => (bytes + first.start <= atOnce ? atOnce : blockBytes);

  /** Past the page cache where that can be: it is quicker, but not needed. */
  function forBlocks(): number {
    try {
      blocks ??= unbuffered === undefined ? descriptor : openSync(path, unbuffered);
    } catch {
      blocks = descriptor;
    }
    return blocks;
  }

  /** Writes whole blocks of a piece. */
  function put(done: Piece, begin: number, end: number) {
    const file = forBlocks();
    writing++;
    const next = (at: number) =>
      writeAt(file, done.slab, at, end - at, done.at + at, (error, count) => {
        if (!error && count > 0 && at + count < end) return next(at + count);
        writing--;
        if (error ?? count === 0) failure ??= error ?? new Error('the disk takes nothing');
        done.written = true;
        giveBack(done);
        written();
      });
    next(begin);
  }

  /** Writes few bytes. */
  function putNow({ slab, at }: Piece, begin: number, end: number) {
    for (let done = begin; done < end; ) done += writeSync(descriptor, slab, done, end - done, at + done);
  }

  function written() {
    if (held && writing <= mostWriting / 2) {
      held = false;
      resume();
    }
    if (writing > 0) return;
    for (const resolve of whenWritten) resolve();
    whenWritten = [];
  }

  const allWritten = () => (writing === 0 ? undefined : new Promise<void>(resolve => whenWritten.push(resolve)));

  /** Writes under way have to end before the descriptor becomes another file's, and the slabs other objects'. */
  async function close() {
    if (closing) return;
    closing = true;
    await allWritten();
    closeSync(descriptor);
    if (blocks !== undefined && blocks !== descriptor) closeSync(blocks);
    for (const slab of mine) slabs.give(slab);
    mine.clear();
  }

  return {
    write(data) {
      bytes += data.length;
      if (failure) return true;
      for (let taken = 0; taken < data.length; ) {
        if (piece.fill === slabBytes) {
          complete();
          piece = pieceAt(piece.at + slabBytes);
        }
        const count = data.copy(piece.slab, piece.fill, taken);
        piece.fill += count;
        taken += count;
      }
      held ||= writing >= mostWriting;
      return !held;
    },
    async seal(seal) {
      const left = complete();
      seal(bytes, crc).copy(first.slab, sealOffset);
      if (unhashed.length > 1) hashOldest();
      await allWritten();
      if (failure) throw failure;
      // Few bytes, that would wait for the writes of others if they were written beside them.
      putNow(piece, left, piece.fill);
      putNow(first, 0, Math.min(first.fill, firstBytes()));
      return { bytes };
    },
    async settle(finalFile, directorySync) {
      renameSync(path, finalFile);
      name = finalFile;
      const synced = Promise.all([fileSync(descriptor), directorySync()]);
      while (unhashed.length > 0) hashOldest();
      await synced;
      void close();
      return { sha256: hash.digest() };
    },
    discard() {
      failure ??= new Error('discarded');
      void close();
      try {
        unlinkSync(name);
      } catch {
        // It is gone already, or the disk refuses: what is left is looked at when Gantry starts.
      }
    },
  };
}
