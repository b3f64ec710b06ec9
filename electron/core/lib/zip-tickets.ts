import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { ZipFile } from 'yazl';

/** What a ZIP is made of: files of the disk, and before them what is only in memory. */
export interface ZipContent {
  files: readonly { path: string; name: string; bytes: number }[];
  made?: { name: string; content: Buffer };
}

/** A ZIP that waits to be fetched. */
export interface ZipTicket {
  /** Of the HTTP door; good once, for a minute, without a token. */
  path: string;
  name: string;
  files: number;
  bytes: number;
}

/** ZIPs that are streamed to who brings their ticket: a browser's own download cannot send a token. */
export interface ZipTickets {
  offer(content: ZipContent): ZipTicket;
  /** Once. @returns null when there is no such ticket (any more) */
  take(ticket: string): { name: string; bytes: number; stream: Readable } | null;
}

const ticketMs = 60_000;

export function createZipTickets(): ZipTickets {
  const waiting = new Map<string, { content: ZipContent; name: string; until: number }>();
  return {
    offer(content) {
      for (const [old, { until }] of waiting) if (until < Date.now()) waiting.delete(old);
      const id = randomBytes(24).toString('base64url');
      const name = `${exportName()}.zip`;
      waiting.set(id, { content, name, until: Date.now() + ticketMs });
      const bytes = content.files.reduce((sum, file) => sum + file.bytes, content.made?.content.length ?? 0);
      return { path: `/api/exports/${id}`, name, files: content.files.length, bytes };
    },
    take(id) {
      const found = waiting.get(id);
      waiting.delete(id);
      if (!found || found.until < Date.now()) return null;
      return { name: found.name, ...zipOf(found.content) };
    },
  };
}

/** `gantry-20261121-081500-ab12`: no patient in the name of a file that travels. */
export function exportName(): string {
  const digits = new Date().toISOString().replace(/\D/g, '');
  return `gantry-${digits.slice(0, 8)}-${digits.slice(8, 14)}-${randomBytes(2).toString('hex')}`;
}

/** Stored, not deflated: images hardly shrink, and so the size of the whole is known before its first byte. */
export function zipOf({ files, made }: ZipContent): { stream: Readable; bytes: number } {
  const zip = new ZipFile();
  const stream = zip.outputStream as Readable;
  let open: Readable | undefined;
  zip.on('error', error => void stream.destroy(error));
  // A reader that goes away must not leave a file open.
  stream.on('close', () => void open?.destroy());
  if (made) zip.addBuffer(made.content, made.name, { compress: false });
  for (const { path, name, bytes } of files) {
    // Opened when its turn comes: an export of a hundred thousand files holds one of them open.
    zip.addReadStreamLazy(name, { compress: false, size: bytes }, done => {
      const file = createReadStream(path);
      // Nobody else hears its error.
      file.on('error', error => void stream.destroy(error));
      open = file;
      done(null, file);
    });
  }
  let bytes = -1;
  const sized = zip.end as unknown as (options: object, told: (size: number) => void) => void;
  sized.call(zip, {}, size => (bytes = size));
  return { stream, bytes };
}
