import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';

interface Order {
  stream: Readable;
  /** Made, or written over. */
  file: string;
  signal: AbortSignal;
  /** Asked now and then; throws when the disk has no room for more. */
  room(): void;
  /** Told how many bytes came. */
  moved(bytes: number): void;
  /** Read to its end what is not written: who sends it waits for that. */
  drain?: boolean;
}

/** Between two looks at the disk. */
const lookEveryBytes = 16 * 2 ** 20;
const prefixEnd = 132;

/**
 * Writes a stream to a file for a short while, piece by piece. Of what cannot be DICOM, or an archive, only the beginning is
 * written, which is enough to say what it is.
 *
 * @throws when the stream fails, the disk is full, or `signal.reason` when aborted
 */
export async function spool({ stream, file, signal, room, moved, drain = false }: Order): Promise<void> {
  // It may fail while the file is opened, and yauzl only emits the error: the loop learns of it from a destroyed stream.
  stream.on('error', error => void stream.destroy(error));
  const handle = await open(file, 'w', 0o640);
  let head = Buffer.alloc(0);
  let unlooked = lookEveryBytes;
  let wanted = true;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      moved(chunk.length);
      if (!wanted) continue;
      unlooked += chunk.length;
      if (unlooked >= lookEveryBytes) {
        unlooked = 0;
        room();
      }
      for (let done = 0; done < chunk.length; ) {
        done += (await handle.write(chunk, done, chunk.length - done)).bytesWritten;
      }
      if (head.length >= prefixEnd) continue;
      head = Buffer.concat([head, chunk.subarray(0, prefixEnd)]);
      wanted = head.length < prefixEnd || mayBeDicom(head) || isArchive(head);
      if (!wanted && !drain) break;
    }
  } finally {
    await handle.close();
  }
}

/** A prefix, or an element of group 0002 or of the first groups of a data set, PS3.10 §7.1; see dicom/file-meta.ts. */
function mayBeDicom(head: Buffer): boolean {
  const prefix = (at: number) => head.toString('latin1', at, at + 4) === 'DICM';
  const early = (group: number) => group === 2 || (group >= 8 && group <= 0x28 && group % 2 === 0);
  return prefix(128) || prefix(0) || early(head.readUInt16LE(0)) || early(head.readUInt16BE(0));
}

const isArchive = (head: Buffer) => head.toString('latin1', 0, 4) === 'PK\x03\x04';
