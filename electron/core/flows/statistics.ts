import type { FlowStatistics } from '../../../shared/schemas/queue.ts';
import type { Db } from '../store/index.ts';

interface Ended {
  flow: string;
  state: 'sent' | 'failed' | 'cancelled';
  started_at: number | null;
  ended_at: number;
}

const dayMs = 86_400_000;

/** How the runs of each flow went in the last days, the busiest flow first. Days are those of this machine's clock. */
export function flowStatistics(db: Db, days: number, now = Date.now()): FlowStatistics[] {
  const today = new Date(now).setHours(12, 0, 0, 0);
  const names = Array.from({ length: days }, (_, index) => dayOf(today - (days - 1 - index) * dayMs));
  const since = new Date(today - (days - 1) * dayMs).setHours(0, 0, 0, 0);
  const rows = db
    .prepare<[number], Ended>(
      `SELECT coalesce(nullif(flow_name, ''), flow_file) AS flow, state, started_at,
         coalesce(sent_at, finished_at, created_at) AS ended_at
       FROM runs WHERE state IN ('sent', 'failed', 'cancelled') AND coalesce(sent_at, finished_at, created_at) >= ?`,
    )
    .all(since);
  return [...Map.groupBy(rows, row => row.flow)]
    .map(([flow, ended]) => ofFlow(flow, ended, names))
    .sort((a, b) => b.count - a.count || (a.flow < b.flow ? -1 : 1));
}

function ofFlow(flow: string, ended: Ended[], names: string[]): FlowStatistics {
  const sent = ended.filter(row => row.state === 'sent');
  const times = sent.flatMap(row => (row.started_at === null ? [] : [row.ended_at - row.started_at]));
  times.sort((a, b) => a - b);
  const byDay = Map.groupBy(ended, row => dayOf(row.ended_at));
  const count = (rows: Ended[] | undefined, state: Ended['state']) =>
    rows?.filter(row => row.state === state).length ?? 0;
  return {
    flow,
    count: ended.length,
    sent: sent.length,
    failed: count(ended, 'failed'),
    cancelled: count(ended, 'cancelled'),
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
    days: names.map(day => ({ day, sent: count(byDay.get(day), 'sent'), failed: count(byDay.get(day), 'failed') })),
  };
}

/** Nearest rank: a time that was really taken. */
function percentile(sorted: number[], part: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? null;
}

/** `YYYY-MM-DD` of this machine's clock. */
function dayOf(time: number): string {
  const at = new Date(time);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}
