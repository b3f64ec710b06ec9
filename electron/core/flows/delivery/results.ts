import type { Problem } from '../../../../shared/problems.ts';
import type { SendResult } from '../../dicom/index.ts';
import type { Settings } from '../../settings/index.ts';
import { type Db, transaction } from '../../store/index.ts';
import type { DeliveryRow } from './rows.ts';

/** What came of attempts, into the rows. */
export interface Results {
  /** In one transaction. */
  keep(results: readonly (readonly [DeliveryRow, SendResult])[]): void;
  /** Nothing was tried with these: they go again later, and it is no attempt. */
  postpone(rows: readonly DeliveryRow[], problem: Problem): void;
}

interface Needs {
  db: Db;
  settings: Pick<Settings, 'get'>;
  /** Wait in ms after the given number of attempts. */
  backOff: (attempts: number) => number;
}

export function createResults({ db, settings, backOff }: Needs): Results {
  // Also of a row that was given up meanwhile: the peer has the instance, whatever was decided here.
  const confirm = db.prepare(`
    UPDATE deliveries SET state = 'confirmed', status = @status, problem = NULL, attempts = attempts + 1, last_at = @now,
      next_at = NULL, confirmed_at = @now WHERE id = @id AND state <> 'confirmed'`);
  const refuse = db.prepare(`
    UPDATE deliveries SET state = @state, status = @status, problem = @problem, attempts = attempts + 1, last_at = @now,
      next_at = @next WHERE id = @id AND state = 'pending'`);
  const later = db.prepare(
    "UPDATE deliveries SET problem = @problem, next_at = @next WHERE id = @id AND state = 'pending'",
  );

  function store({ id, attempts: before }: DeliveryRow, { status, confirmed, problem }: SendResult, now: number): void {
    if (confirmed) return void confirm.run({ id, status, now });
    const attempts = before + 1;
    const over = attempts >= settings.get('RETRY_ATTEMPTS');
    const next = over ? null : now + backOff(attempts);
    refuse.run({ id, state: over ? 'failed' : 'pending', status, problem: JSON.stringify(problem), now, next });
  }

  return {
    keep(results) {
      const now = Date.now();
      transaction(db, () => {
        for (const [row, result] of results) store(row, result, now);
      });
    },
    postpone(rows, problem) {
      const now = Date.now();
      const text = JSON.stringify(problem);
      transaction(db, () => {
        for (const { id, attempts } of rows) later.run({ id, problem: text, next: now + backOff(attempts + 1) });
      });
    },
  };
}
