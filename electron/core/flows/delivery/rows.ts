import type { Problem } from '../../../../shared/problems.ts';
import { problemSchema } from '../../../../shared/schemas/common.ts';
import type { Delivery } from '../../../../shared/schemas/runs.ts';
import { statusHex, statusText } from '../../dicom/index.ts';
import type { Db } from '../../store/index.ts';
import { leftAlone } from './breaker.ts';

export interface DeliveryRow {
  id: number;
  run_id: number;
  destination: string;
  file: string;
  sop_class_uid: string;
  sop_instance_uid: string;
  transfer_syntax_uid: string;
  state: 'pending' | 'confirmed' | 'failed';
  status: number | null;
  problem: string | null;
  attempts: number;
  last_at: number | null;
  next_at: number | null;
  confirmed_at: number | null;
}

export interface DeliveryCount {
  total: number;
  confirmed: number;
  failed: number;
}

const parsed = (text: string | null): Problem | null => (text ? problemSchema.parse(JSON.parse(text)) : null);

/** What scripts and screens ask of the rows. */
export function createDeliveryViews(db: Db) {
  const ofRun = db.prepare<[number], SeenRow>(`
    SELECT d.*, b.next_try_at FROM deliveries d LEFT JOIN breakers b ON b.destination = d.destination
    WHERE d.run_id = ? ORDER BY d.position, d.id`);
  const openBreaker = db.prepare<[number], { destination: string; next_at: number; problem: string | null }>(`
    SELECT d.destination, max(b.next_try_at, min(d.next_at)) AS next_at, b.problem
    FROM deliveries d JOIN breakers b ON b.destination = d.destination
    WHERE d.run_id = ? AND d.state = 'pending' AND b.opened_at IS NOT NULL GROUP BY d.destination ORDER BY next_at LIMIT 1`);
  const lastProblem = db.prepare<[number], { problem: string }>(`
    SELECT problem FROM deliveries WHERE run_id = ? AND state = 'pending' AND problem IS NOT NULL ORDER BY last_at DESC LIMIT 1`);
  return {
    ofRun: (runId: number): Delivery[] => ofRun.all(runId).map(toDelivery),
    /** Why a run that is being sent is not done yet. */
    waiting(runId: number): Problem | null {
      const open = openBreaker.get(runId);
      if (open) return leftAlone(open.destination, open.next_at, open.problem);
      return parsed(lastProblem.get(runId)?.problem ?? null);
    },
    counts(runIds: readonly number[]): Map<number, DeliveryCount> {
      const rows = db
        .prepare<[string], { run_id: number; total: number; confirmed: number; failed: number }>(`
          SELECT run_id, count(*) AS total, sum(state = 'confirmed') AS confirmed, sum(state = 'failed') AS failed
          FROM deliveries WHERE run_id IN (SELECT value FROM json_each(?)) GROUP BY run_id`)
        .all(JSON.stringify(runIds));
      return new Map(rows.map(({ run_id, ...count }) => [run_id, count]));
    },
  };
}

type SeenRow = DeliveryRow & { next_try_at: number | null };

function toDelivery(row: SeenRow): Delivery {
  const confirmed = row.state === 'confirmed';
  return {
    destination: row.destination,
    sopInstanceUid: row.sop_instance_uid,
    file: row.file,
    status: row.status === null ? null : statusHex(row.status),
    statusText:
      row.status !== null
        ? statusText(row.status)
        : confirmed
          ? 'Written and synced'
          : row.attempts > 0
            ? 'No answer'
            : 'Not tried yet',
    confirmed,
    failed: row.state === 'failed',
    attempts: row.attempts,
    lastAt: row.last_at,
    nextAt: row.state === 'pending' ? Math.max(row.next_at ?? 0, row.next_try_at ?? 0) : null,
    confirmedAt: row.confirmed_at,
    problem: parsed(row.problem),
  };
}
