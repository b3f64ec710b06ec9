import { describe, hourOf, type Problem } from '../../../shared/problems.ts';

/** Which run holds which of the configured GPUs. Memory is enough: at start no run holds one. */
export interface Gpus {
  /** `since` in milliseconds since the epoch. */
  list(): { id: string; runId: number | null; since: number | null }[];
  /** @returns the GPU, or why there is none */
  take(runId: number): { gpu: string } | { problem: Problem };
  release(runId: number): void;
}

export function createGpus(configured: () => readonly string[]): Gpus {
  const holders = new Map<string, { runId: number; since: number }>();
  return {
    list: () => configured().map(id => ({ id, runId: null, since: null, ...holders.get(id) })),
    take(runId) {
      const ids = configured();
      const held = ids.find(id => holders.get(id)?.runId === runId);
      if (held !== undefined) return { gpu: held };
      if (ids.length === 0) return { problem: describe('GPU_NOT_CONFIGURED', {}) };
      const free = ids.find(id => !holders.has(id));
      if (free === undefined) {
        const held = ids.flatMap(id => {
          const holder = holders.get(id);
          return holder ? [`GPU ${id} is held by run ${holder.runId} since ${hourOf(holder.since)}`] : [];
        });
        return { problem: describe('GPU_BUSY', { held: held.join(', ') }) };
      }
      holders.set(free, { runId, since: Date.now() });
      return { gpu: free };
    },
    release(runId) {
      for (const [id, holder] of holders) if (holder.runId === runId) holders.delete(id);
    },
  };
}
