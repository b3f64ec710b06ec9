import { createHash } from 'node:crypto';
import { closeSync, fsync, openSync, renameSync, unlinkSync, writev, writevSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** The file of one arriving object. Its bytes are gathered to large writes; what can be done during a sync is done then. */
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
  /** Everything before the data set; the seal goes to `sealOffset` in it. */
  head: Buffer;
  sealOffset: number;
  /** True while no other object is on its way: then a write in place is quicker than one by another thread. */
  alone(): boolean;
  resume(): void;
}

/** One write has about this many bytes; and a sender is held back when `mostWaiting` wait. */
const writeBytes = 2 ** 20;
const writeBytesAlone = 2 ** 18;
const mostWaiting = 4 * 2 ** 20;
/** Written, but not hashed yet: an object up to this size is hashed while the disk syncs it. */
const mostUnhashed = 2 ** 20;

/** @throws the error of the file system when the file cannot be made */
export function createObjectFile({ path, head, sealOffset, alone, resume }: Order): ObjectFile {
  const descriptor = openSync(path, 'wx', 0o640);
  const hash = createHash('sha256');
  let name = path;
  let crc = 0;
  let bytes = 0;
  /** Bytes that no write has taken yet, and how many. */
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let unhashed: Buffer[] = [];
  let unhashedBytes = 0;
  /** Where the next write begins; 0 until the head is written. */
  let position = 0;
  let held = false;
  let shut = false;
  let failure: Error | undefined;
  let writing: Promise<void> | undefined;

  function hashAll() {
    for (const buffer of unhashed) hash.update(buffer);
    unhashed = [];
    unhashedBytes = 0;
  }

  function take(): { buffers: Buffer[]; at: number } {
    const at = position;
    const buffers = at === 0 ? [head, ...waiting] : waiting;
    position += waitingBytes + (at === 0 ? head.length : 0);
    waiting = [];
    waitingBytes = 0;
    return { buffers, at };
  }

  function failed(error: unknown) {
    failure ??= error as Error;
    waiting = [];
    waitingBytes = 0;
    unhashed = [];
  }

  /** Writes what waits; another thread does it, and the hash catches up meanwhile, unless the object is alone. */
  function flush() {
    const { buffers, at } = take();
    if (alone()) {
      try {
        writeAllSync(descriptor, buffers, at);
      } catch (error) {
        failed(error);
      }
      return;
    }
    writing = writeAll(descriptor, buffers, at).catch(failed).then(written);
    if (unhashedBytes >= mostUnhashed) hashAll();
  }

  function written() {
    writing = undefined;
    if (held && (failure || waitingBytes < mostWaiting / 2)) {
      held = false;
      resume();
    }
    pump();
  }

  /** Starts a write when there is enough for one, and none is under way. */
  function pump() {
    if (!writing && !failure && waitingBytes >= (alone() ? writeBytesAlone : writeBytes)) flush();
  }

  /** A write under way has to end before its descriptor may become another file's. */
  function close() {
    if (shut) return;
    shut = true;
    if (writing) void writing.then(() => closeSync(descriptor));
    else closeSync(descriptor);
  }

  return {
    write(data) {
      bytes += data.length;
      if (failure) return true;
      crc = crc32(data, crc);
      waiting.push(data);
      waitingBytes += data.length;
      unhashed.push(data);
      unhashedBytes += data.length;
      pump();
      if (unhashedBytes >= mostWaiting) hashAll();
      held = waitingBytes >= mostWaiting;
      return !held;
    },
    async seal(seal) {
      const sealed = seal(bytes, crc);
      sealed.copy(head, sealOffset);
      while (writing) await writing;
      const late = position > 0;
      if (!failure && (waitingBytes > 0 || !late)) flush();
      while (writing) await writing;
      if (!failure && late) writeAllSync(descriptor, [sealed], sealOffset);
      if (failure) throw failure;
      return { bytes };
    },
    async settle(finalFile, directorySync) {
      renameSync(path, finalFile);
      name = finalFile;
      const synced = Promise.all([fileSync(descriptor), directorySync()]);
      hashAll();
      await synced;
      close();
      return { sha256: hash.digest() };
    },
    discard() {
      failed(new Error('discarded'));
      close();
      try {
        unlinkSync(name);
      } catch {
        // It is gone already, or the disk refuses: what is left is looked at when Gantry starts.
      }
    },
  };
}

export function fileSync(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => fsync(descriptor, error => (error ? reject(error) : resolve())));
}

/** Most buffers of one system call, IOV_MAX. */
const mostBuffers = 1024;

async function writeAll(descriptor: number, buffers: Buffer[], position: number): Promise<void> {
  let at = position;
  for (let rest = buffers; rest.length > 0; ) {
    const count = await new Promise<number>((resolve, reject) =>
      writev(descriptor, rest.slice(0, mostBuffers), at, (error, written) =>
        error ? reject(error) : resolve(written),
      ),
    );
    at += count;
    rest = without(rest, count);
  }
}

function writeAllSync(descriptor: number, buffers: Buffer[], position: number) {
  let at = position;
  for (let rest = buffers; rest.length > 0; ) {
    const count = writevSync(descriptor, rest.slice(0, mostBuffers), at);
    at += count;
    rest = without(rest, count);
  }
}

/** The buffers behind the first `count` bytes: a system call may write fewer than it was given. */
function without(buffers: Buffer[], count: number): Buffer[] {
  let left = count;
  let whole = 0;
  while (whole < buffers.length && left >= (buffers[whole] as Buffer).length)
    left -= (buffers[whole++] as Buffer).length;
  const rest = buffers.slice(whole);
  if (left > 0 && rest[0]) rest[0] = rest[0].subarray(left);
  return rest;
}
