import { readFileSync, truncateSync } from 'node:fs';
import { z } from 'zod';
import { encodeSource, type LineSource } from './records.ts';

/** What is known of a segment without reading it: enough to leave out those that hold nothing of what is asked. */
export interface SegmentMeta {
  /** Bytes that are whole. */
  bytes: number;
  first: number;
  last: number;
  lines: number;
  /** In the order of their `=` lines, with lines by kind and the time of the last. */
  sources: { key: string; name: string; kinds: Record<string, number>; lastAt: number }[];
}

export const segmentMetaSchema: z.ZodType<SegmentMeta> = z.object({
  bytes: z.number().int(),
  first: z.number().int(),
  last: z.number().int(),
  lines: z.number().int(),
  sources: z.array(
    z.object({
      key: z.string(),
      name: z.string(),
      kinds: z.record(z.string(), z.number().int()),
      lastAt: z.number().int(),
    }),
  ),
});

export const emptyMeta = (): SegmentMeta => ({ bytes: 0, first: 0, last: 0, lines: 0, sources: [] });

export const metaPath = (path: string) => path.replace(/\.log$/, '.json');

/** The index beside a sealed segment; null where it is missing or of another length than the file. */
export function readMeta(path: string, bytes: number): SegmentMeta | null {
  try {
    const meta = segmentMetaSchema.parse(JSON.parse(readFileSync(metaPath(path), 'utf8')));
    return meta.bytes === bytes ? meta : null;
  } catch {
    return null;
  }
}

/** Counts one record in. */
export function countIn(meta: SegmentMeta, source: number, kind: string, seq: number, at: number): void {
  const of = meta.sources[source];
  if (!of) return;
  of.kinds[kind] = (of.kinds[kind] ?? 0) + 1;
  of.lastAt = Math.max(of.lastAt, at);
  if (meta.lines === 0) meta.first = seq;
  meta.last = Math.max(meta.last, seq);
  meta.lines++;
}

/** Adds a source to the segment. @returns its `=` line */
export function declare(meta: SegmentMeta, source: LineSource): string {
  meta.sources.push({ ...source, kinds: {}, lastAt: 0 });
  return encodeSource(source);
}

const record = /^[diwe][oeg]([0-9a-z]+)\t([0-9a-z]+)\t([0-9a-z]+)\t/;

/** Reads a segment that has no index, as after a crash; a record that was cut is cut off. */
export function recoverMeta(path: string): SegmentMeta {
  const bytes = readFileSync(path);
  const meta = emptyMeta();
  meta.bytes = bytes.lastIndexOf(10) + 1;
  if (meta.bytes < bytes.length) truncateSync(path, meta.bytes);
  for (const line of bytes.toString('utf8', 0, meta.bytes).split('\n')) {
    if (line.startsWith('=')) meta.sources.push({ ...sourceIn(line), kinds: {}, lastAt: 0 });
    const [, source = '', seq = '', at = ''] = record.exec(line) ?? [];
    if (source !== '')
      countIn(meta, Number.parseInt(source, 36), line.slice(0, 2), Number.parseInt(seq, 36), Number.parseInt(at, 36));
  }
  return meta;
}

/** One that cannot be read still takes its place: the numbers of those behind it depend on it. */
function sourceIn(line: string): LineSource {
  try {
    return z.object({ key: z.string(), name: z.string() }).parse(JSON.parse(line.slice(1)));
  } catch {
    return { key: 'core/unreadable', name: 'unreadable' };
  }
}
