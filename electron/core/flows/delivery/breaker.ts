import { describe, type Problem } from '../../../../shared/problems.ts';
import { problemSchema } from '../../../../shared/schemas/common.ts';
import type { Db } from '../../store/index.ts';

/**
 * A destination whose associations keep failing is left alone for a while, whatever waits for it.
 *
 *   closed ──failures in a row──> open ──its time comes: one association tries──> closed, or open for twice as long
 *
 * Rows, so that a restart does not hammer a peer that is down.
 */
export interface Breakers {
  /** When the destination may be tried: now, or later. */
  notBefore(destination: string): number;
  failed(destination: string, problem: Problem): void;
  /** @returns true when it had been open: all that waits may go */
  succeeded(destination: string): boolean;
  /** Forgets the wait, at a user's word. */
  tryNow(destination: string): void;
  list(): { destination: string; failures: number; nextTryAt: number | null; problem: Problem | null }[];
}

interface Row {
  destination: string;
  failures: number;
  next_try_at: number | null;
  problem: string | null;
}

interface Needs {
  db: Db;
  limit: () => number;
  /** Wait in ms after the given number of failures. */
  wait: (failures: number) => number;
}

export function createBreakers({ db, limit, wait }: Needs): Breakers {
  const one = db.prepare<[string], Row>('SELECT * FROM breakers WHERE destination = ?');
  const open = db.prepare<[], Row>('SELECT * FROM breakers WHERE opened_at IS NOT NULL ORDER BY destination');
  const store = db.prepare(`
    INSERT INTO breakers (destination, failures, opened_at, next_try_at, problem) VALUES (@destination, @failures, @openedAt, @next, @problem)
    ON CONFLICT (destination) DO UPDATE SET failures = @failures, opened_at = coalesce(opened_at, @openedAt), next_try_at = @next, problem = @problem`);
  const clear = db.prepare<[string]>('DELETE FROM breakers WHERE destination = ?');
  const now = db.prepare<[string]>('UPDATE breakers SET next_try_at = 0 WHERE destination = ?');
  return {
    notBefore: destination => one.get(destination)?.next_try_at ?? 0,
    failed(destination, problem) {
      const failures = (one.get(destination)?.failures ?? 0) + 1;
      const isOpen = failures >= limit();
      const next = isOpen ? Date.now() + wait(failures - limit() + 1) : null;
      const shown = isOpen && next ? describe('BREAKER_OPEN', { destination, nextTryAt: next }) : problem;
      const text = JSON.stringify({
        ...shown,
        remedy: isOpen ? `${problem.title}. ${problem.remedy}` : problem.remedy,
      });
      store.run({ destination, failures, openedAt: isOpen ? Date.now() : null, next, problem: text });
    },
    succeeded(destination) {
      const before = one.get(destination);
      if (before) clear.run(destination);
      return (before?.next_try_at ?? null) !== null;
    },
    tryNow: destination => void now.run(destination),
    list: () =>
      open.all().map(row => ({
        destination: row.destination,
        failures: row.failures,
        nextTryAt: row.next_try_at,
        problem: row.problem ? problemSchema.parse(JSON.parse(row.problem)) : null,
      })),
  };
}
