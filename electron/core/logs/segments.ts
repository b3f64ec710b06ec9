import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogRecord } from '../../../shared/schemas/logs.ts';
import { encodeRecord, kindOf, type LineSource } from './records.ts';
import { countIn, declare, emptyMeta, metaPath, readMeta, recoverMeta, type SegmentMeta } from './segment-meta.ts';

/** A record with its source in full. */
export interface Kept extends LogRecord {
  of: LineSource;
}

export interface Segment {
  path: string;
  meta: SegmentMeta;
}

/**
 * The spill: append-only files `DATA/logs/FIRST-SEQ.log`, bounded in all; the oldest goes first.
 *
 *   open ──segmentBytes──> sealed, with its index `.json` beside it ──limit──> dropped
 *
 * What is killed in the middle of a write loses what was not written, and the next start cuts the torn record off.
 */
export interface Segments {
  /** Oldest first; the last is the one that is written. */
  list(): readonly Segment[];
  bytes(): number;
  /** Highest number that was found at the start. */
  lastSeq: number;
  /** @throws what the disk threw; nothing of the records is in the files then */
  write(records: readonly Kept[]): Promise<void>;
  close(): Promise<void>;
}

const segmentLimit = 8 * 2 ** 20;
const smallestSegment = 64 * 1024;

export function openSegments({ directory, limitBytes }: { directory: string; limitBytes: () => number }): Segments {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const segments: Segment[] = [];
  const unindexed: Segment[] = [];
  for (const name of readdirSync(directory).sort()) {
    if (!/^\d+\.log$/.test(name)) continue;
    const path = join(directory, name);
    const indexed = readMeta(path, statSync(path).size);
    const meta = indexed ?? recoverMeta(path);
    if (meta.lines === 0) drop(path);
    else {
      const segment = { path, meta };
      segments.push(segment);
      if (!indexed) unindexed.push(segment);
    }
  }
  // The last one is written on; others are read through once only.
  for (const segment of unindexed) if (segment !== segments.at(-1)) index(segment);
  const lastSeq = segments.at(-1)?.meta.last ?? 0;
  let file: FileHandle | null = null;
  let places = new Map<string, number>();

  const segmentBytes = () => Math.max(smallestSegment, Math.min(segmentLimit, Math.floor(limitBytes() / 8)));

  async function seal(): Promise<void> {
    const current = segments.at(-1);
    await file?.close();
    file = null;
    if (current) index(current);
  }

  /** The last segment goes on after a restart, while it has room. */
  async function current(first: number): Promise<{ segment: Segment; file: FileHandle }> {
    let segment = segments.at(-1);
    if (segment && segment.meta.bytes >= segmentBytes()) {
      await seal();
      segment = undefined;
    }
    if (!segment) {
      segment = { path: join(directory, `${String(first).padStart(15, '0')}.log`), meta: emptyMeta() };
      segments.push(segment);
    }
    if (!file) {
      rmSync(metaPath(segment.path), { force: true });
      file = await open(segment.path, 'a', 0o600);
      places = new Map(segment.meta.sources.map(({ key }, place) => [key, place]));
    }
    return { segment, file };
  }

  async function write(records: readonly Kept[]): Promise<void> {
    const { segment, file: to } = await current(records[0]?.seq ?? lastSeq + 1);
    // Counted only when it is on the disk: a reader goes by what is counted.
    const meta = structuredClone(segment.meta);
    const known = new Map(places);
    let text = '';
    for (const item of records) {
      let place = known.get(item.of.key);
      if (place === undefined) {
        place = meta.sources.length;
        known.set(item.of.key, place);
        text += declare(meta, item.of);
      }
      const kind = kindOf(item);
      text += encodeRecord(kind, place, item);
      countIn(meta, place, kind, item.seq, item.at);
    }
    const bytes = Buffer.from(text);
    try {
      await to.appendFile(bytes);
    } catch (error) {
      await to.truncate(segment.meta.bytes).catch(() => {});
      throw error;
    }
    meta.bytes += bytes.length;
    segment.meta = meta;
    places = known;
  }

  function dropOldest(): void {
    while (segments.length > 1 && total() > limitBytes()) drop((segments.shift() as Segment).path);
  }
  const total = () => segments.reduce((sum, { meta }) => sum + meta.bytes, 0);

  return {
    list: () => segments,
    bytes: total,
    lastSeq,
    async write(records) {
      await write(records);
      dropOldest();
    },
    async close() {
      await file?.close();
      file = null;
    },
  };
}

const index = ({ path, meta }: Segment) => writeFileSync(metaPath(path), JSON.stringify(meta), { mode: 0o600 });

function drop(path: string): void {
  rmSync(path, { force: true });
  rmSync(metaPath(path), { force: true });
}
