import { basename } from 'node:path';
import type { Job } from './import-job.ts';
import type { sourcesOf } from './import-sources.ts';

/** How much there is to import, as far as it is known. */
export interface Found {
  foundFiles: number;
  foundBytes: number;
}

/** As a sender tells it; `counted` when there is no more. */
export interface SentFound extends Found {
  counted?: boolean;
}

interface Counted extends Pick<Job, 'row'> {
  /** What archives that were sent hold beyond themselves. */
  unfolded: Found;
}

export const nothing = (): Found => ({ foundFiles: 0, foundBytes: 0 });

/** What the sender has found so far, and what its archives hold. */
export function found({ row, unfolded }: Counted, { foundFiles, foundBytes, counted = false }: SentFound) {
  row.counted ||= counted;
  row.foundFiles = Math.max(row.foundFiles, foundFiles + unfolded.foundFiles);
  row.foundBytes = Math.max(row.foundBytes, foundBytes + unfolded.foundBytes);
}

type Sources = ReturnType<typeof sourcesOf>;

export async function sizeOfAll(
  sources: Sources,
  signal: AbortSignal,
  each: (found: Found) => void = () => {},
): Promise<Found> {
  const all = nothing();
  for await (const source of sources) {
    if (source.kind === 'entry') source.release();
    if (signal.aborted) break;
    all.foundFiles++;
    all.foundBytes += source.bytes;
    each(all);
  }
  return all;
}

/** Runs ahead of the import, so that it can say how much is left. */
export async function countAll({ row, signal }: Pick<Job, 'row' | 'signal'>, sources: Sources) {
  await sizeOfAll(sources, signal, ({ foundFiles, foundBytes }) => {
    row.foundFiles = Math.max(row.foundFiles, foundFiles);
    row.foundBytes = Math.max(row.foundBytes, foundBytes);
  });
  row.counted = true;
}

const shown = 3;
export function labelOf(paths: string[]): string {
  const names = paths.slice(0, shown).map(path => basename(path));
  return `${names.join(', ')}${paths.length > shown ? ` +${paths.length - shown}` : ''}`;
}
