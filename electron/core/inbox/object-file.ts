import { createHash } from 'node:crypto';
import { close, fsync, openSync, renameSync, unlinkSync, writev } from 'node:fs';

/** The file of one arriving object: pieces are gathered to large writes, and hashed on their way. */
export interface ObjectFile {
  /** @returns false when more waits for the disk than should; `resume` is called when there is room */
  write(data: Buffer): boolean;
  /** Bytes of the data set so far. */
  readonly bytes: number;
  /** Writes what is left and the seal. Rejects with the error of the file system. */
  seal(seal: (bytes: number, sha256: Buffer) => Buffer): Promise<{ bytes: number; sha256: Buffer }>;
  /** Gives the file its final name and makes its content durable; its directory has to be synced after that. */
  settle(finalFile: string): Promise<void>;
  /** Takes the file away, wherever it is. */
  discard(): void;
}

interface Order {
  path: string;
  /** Everything before the data set; the seal goes to `sealOffset` in it. */
  head: Buffer;
  sealOffset: number;
  resume(): void;
}

/** One write has about this many bytes; and a sender is held back when this many wait. */
const writeBytes = 2 ** 20;
const mostWaiting = 4 * 2 ** 20;

/** @throws the error of the file system when the file cannot be made */
export function createObjectFile({ path, head, sealOffset, resume }: Order): ObjectFile {
  const descriptor = openSync(path, 'wx', 0o640);
  const hash = createHash('sha256');
  let name = path;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let position = head.length;
  let bytes = 0;
  let headWritten = false;
  let held = false;
  let gone = false;
  let failure: Error | undefined;
  let writing: Promise<void> | undefined;

  /** Starts a write when there is enough for one, and none is under way. */
  function pump() {
    if (writing || failure || waitingBytes < writeBytes) return;
    writing = flush().then(() => {
      writing = undefined;
      if (held && (failure || waitingBytes < mostWaiting / 2)) {
        held = false;
        resume();
      }
      pump();
    });
  }

  async function flush(): Promise<void> {
    const buffers = waiting;
    const at = headWritten ? position : 0;
    if (!headWritten) buffers.unshift(head);
    headWritten = true;
    position += waitingBytes;
    waiting = [];
    waitingBytes = 0;
    try {
      await writeAll(descriptor, buffers, at);
    } catch (error) {
      failure ??= error as Error;
      waiting = [];
      waitingBytes = 0;
    }
  }

  function shut() {
    if (gone) return;
    gone = true;
    // A write under way has to end before its descriptor may be used for another file.
    void (writing ?? Promise.resolve()).then(() => close(descriptor, () => {}));
  }

  return {
    get bytes() {
      return bytes;
    },
    write(data) {
      bytes += data.length;
      if (failure) return true;
      hash.update(data);
      waiting.push(data);
      waitingBytes += data.length;
      pump();
      held = waitingBytes >= mostWaiting;
      return !held;
    },
    async seal(seal) {
      const sha256 = hash.digest();
      const sealed = seal(bytes, sha256);
      sealed.copy(head, sealOffset);
      const late = headWritten;
      while (writing) await writing;
      if (!failure && (waitingBytes > 0 || !late)) await flush();
      if (!failure && late) await writeAll(descriptor, [sealed], sealOffset);
      if (failure) throw failure;
      return { bytes, sha256 };
    },
    async settle(finalFile) {
      renameSync(path, finalFile);
      name = finalFile;
      await synced(descriptor);
      shut();
    },
    discard() {
      failure ??= new Error('discarded');
      waiting = [];
      waitingBytes = 0;
      shut();
      try {
        unlinkSync(name);
      } catch {
        // It is gone already, or the disk refuses: what is left is looked at when Gantry starts.
      }
    },
  };
}

function synced(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => fsync(descriptor, error => (error ? reject(error) : resolve())));
}

/** Writes every byte, however the system cuts it. */
async function writeAll(descriptor: number, buffers: Buffer[], position: number): Promise<void> {
  let rest = buffers;
  let at = position;
  while (rest.length > 0) {
    const now = rest.slice(0, 1024);
    let written = await new Promise<number>((resolve, reject) =>
      writev(descriptor, now, at, (error, count) => (error ? reject(error) : resolve(count))),
    );
    at += written;
    let whole = 0;
    while (whole < now.length && written >= (now[whole] as Buffer).length) written -= (now[whole++] as Buffer).length;
    rest = rest.slice(whole);
    if (written > 0 && rest[0]) rest[0] = rest[0].subarray(written);
  }
}
