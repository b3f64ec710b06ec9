import { type Problem, problemOf } from '../../../shared/problems.ts';
import type { Queue } from './queue.ts';
import type { Runs } from './runs.ts';

/** Runs failed ones again, each from where it failed: what has succeeded is not done twice. */
export type Replay = (
  ids: readonly number[],
) => Promise<{ replayed: number[]; refused: { id: number; problem: Problem }[] }>;

export function createReplay({ runs, queue }: { runs: Pick<Runs, 'get'>; queue: Pick<Queue, 'retry'> }): Replay {
  return async ids => {
    const replayed: number[] = [];
    const refused: { id: number; problem: Problem }[] = [];
    for (const id of ids) {
      try {
        const run = runs.get(id);
        const sending = run.problem !== null && JSON.parse(run.problem).code === 'DELIVERY_FAILED';
        const firstStep = run.files_removed_at === null ? run.first_step : 0;
        await queue.retry(id, sending ? 'deliveries' : firstStep);
        replayed.push(id);
      } catch (error) {
        refused.push({ id, problem: problemOf(error, `run-${id}`) });
      }
    }
    return { replayed, refused };
  };
}
