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
  isOpen(destination: string): boolean;
  /** When the destination may be tried: now, or later. */
  notBefore(destination: string): number;
  /** @returns when the destination is tried next, or null while it is not left alone */
  failed(destination: string, problem: Problem): number | null;
  /** @returns true when it had been open: all that waits may go */
  succeeded(destination: string): boolean;
  /** Forgets the wait, at a user's word. */
  tryNow(destination: string): void;
  /** The open ones for which something waits. */
  list(): OpenBreaker[];
}

export interface OpenBreaker {
  destination: string;
  failures: number;
  nextTryAt: number;
  problem: Problem;
}

interface Row {
  destination: string;
  failures: number;
  opened_at: number | null;
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
  const open = db.prepare<[], Row & { due: number }>(`
    SELECT b.*, min(d.next_at) AS due FROM breakers b
    CROSS JOIN deliveries d WHERE d.destination = b.destination AND d.state = 'pending' AND b.opened_at IS NOT NULL
    GROUP BY b.destination ORDER BY b.destination`);
  const store = db.prepare(`
    INSERT INTO breakers (destination, failures, opened_at, next_try_at, problem) VALUES (@destination, @failures, @openedAt, @next, @problem)
    ON CONFLICT (destination) DO UPDATE SET failures = @failures, opened_at = coalesce(opened_at, @openedAt), next_try_at = @next, problem = @problem`);
  const clear = db.prepare<[string]>('DELETE FROM breakers WHERE destination = ?');
  const now = db.prepare<[number, string]>('UPDATE breakers SET next_try_at = ? WHERE destination = ?');
  return {
    isOpen: destination => (one.get(destination)?.opened_at ?? null) !== null,
    notBefore: destination => one.get(destination)?.next_try_at ?? 0,
    failed(destination, problem) {
      const failures = (one.get(destination)?.failures ?? 0) + 1;
      const isOpen = failures >= limit();
      const next = isOpen ? Date.now() + wait(failures) : null;
      const openedAt = isOpen ? Date.now() : null;
      store.run({ destination, failures, openedAt, next, problem: JSON.stringify(problem) });
      return next;
    },
    succeeded(destination) {
      const before = one.get(destination);
      if (before) clear.run(destination);
      return (before?.opened_at ?? null) !== null;
    },
    tryNow: destination => void now.run(Date.now(), destination),
    list: () =>
      open.all().map(({ destination, failures, next_try_at, problem, due }) => {
        const nextTryAt = Math.max(next_try_at ?? 0, due);
        return { destination, failures, nextTryAt, problem: leftAlone(destination, nextTryAt, problem) };
      }),
  };
}

/** Why a destination is left alone: when it is tried next, and what made it fail. */
export function leftAlone(destination: string, nextTryAt: number, cause: string | null): Problem {
  const open = describe('BREAKER_OPEN', { destination, nextTryAt });
  if (!cause) return open;
  const { title, remedy } = problemSchema.parse(JSON.parse(cause));
  return { ...open, remedy: `${title}. ${remedy}` };
}
