import { describe, type Problem } from '../../../shared/problems.ts';

/** Which run holds which of the configured GPUs. Memory is enough: at start no run holds one. */
export interface Gpus {
  list(): { id: string; runId: number | null }[];
  /** @returns the GPU, or why there is none */
  take(runId: number): { gpu: string } | { problem: Problem };
  release(runId: number): void;
}

export function createGpus(configured: () => readonly string[]): Gpus {
  const holders = new Map<string, number>();
  return {
    list: () => configured().map(id => ({ id, runId: holders.get(id) ?? null })),
    take(runId) {
      const ids = configured();
      const held = ids.find(id => holders.get(id) === runId);
      if (held !== undefined) return { gpu: held };
      if (ids.length === 0) return { problem: describe('GPU_NOT_CONFIGURED', {}) };
      const free = ids.find(id => !holders.has(id));
      if (free === undefined) return { problem: describe('GPU_BUSY', { gpus: ids.join(', ') }) };
      holders.set(free, runId);
      return { gpu: free };
    },
    release(runId) {
      for (const [id, holder] of holders) if (holder === runId) holders.delete(id);
    },
  };
}
