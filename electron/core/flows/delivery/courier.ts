import type { Peers, Sender } from '../../dicom/index.ts';
import { Cancelled, Shutdown } from '../../lib/shutdown.ts';
import type { LogHub } from '../../logs/index.ts';
import type { Db } from '../../store/index.ts';
import type { Breakers } from './breaker.ts';
import type { Results } from './results.ts';
import type { DeliveryRow } from './rows.ts';
import { createTrips, type TripEnd } from './trip.ts';

/** Takes what is due to where it goes: one run at a time to a destination, all destinations at once. */
export interface Courier {
  wake(): void;
  /** Lets go of a run that was cancelled. */
  forget(runId: number): void;
  start(): void;
  stop(): Promise<void>;
}

interface Needs {
  db: Db;
  dataDirectory: string;
  sender: Sender;
  peers: Pick<Peers, 'get'>;
  log: LogHub;
  changed: (runId: number) => void;
  settled: (runId: number) => void;
  breakers: Breakers;
  results: Results;
}

interface Trip {
  runId: number;
  controller: AbortController;
  ended: Promise<void>;
}

const lookMs = 500;
/** A trip whose results could not be written down is not repeated at once. */
const restMs = 10_000;

export function createCourier(needs: Needs): Courier {
  const { db, log, changed, settled, breakers } = needs;
  const travel = createTrips(needs);
  // A step of the recursion is one look into the index: a destination with a million rows costs no more than one with one.
  const waitingAt = db.prepare<[], { destination: string }>(`
    WITH RECURSIVE places (destination) AS (
      SELECT min(destination) FROM deliveries WHERE state = 'pending'
      UNION ALL
      SELECT (SELECT min(d.destination) FROM deliveries d WHERE d.state = 'pending' AND d.destination > places.destination)
      FROM places WHERE places.destination IS NOT NULL)
    SELECT destination FROM places WHERE destination IS NOT NULL`);
  // What was never tried goes first: a run on which the peer falls over does not hold up the others.
  const nextRun = db.prepare<[string, number], { run_id: number }>(`
    SELECT run_id FROM deliveries WHERE destination = ? AND state = 'pending' AND next_at <= ? ORDER BY attempts, run_id LIMIT 1`);
  const dueRows = db.prepare<[string, number, number], DeliveryRow>(`
    SELECT * FROM deliveries WHERE destination = ? AND run_id = ? AND state = 'pending' AND next_at <= ? ORDER BY attempts, id`);
  const isBack = db.prepare<[number, string, number]>(
    "UPDATE deliveries SET next_at = ? WHERE destination = ? AND state = 'pending' AND coalesce(last_at, 0) < ?",
  );
  const pending = db.prepare<[number], { n: number }>(
    "SELECT count(*) AS n FROM deliveries WHERE run_id = ? AND state = 'pending'",
  );

  const trips = new Map<string, Trip>();
  const resting = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let stopping = false;

  function wentWell(destination: string, began: number): void {
    if (!breakers.succeeded(destination)) return;
    log.info('delivery', `${destination} is back: all that waits for it goes now`);
    isBack.run(Date.now(), destination, began);
  }

  function hasEnded(destination: string, runId: number, began: number, end: TripEnd): void {
    // A peer that took something is there: its failures in a row begin anew.
    if (end.kind === 'done' || (end.kind === 'failed' && end.confirmed > 0)) wentWell(destination, began);
    if (end.kind !== 'failed') return;
    const nextTryAt = breakers.failed(destination, end.problem);
    const next = nextTryAt === null ? '' : `; left alone until ${new Date(nextTryAt).toISOString()}`;
    log.warn(`delivery ${runId}`, `${destination}: ${end.problem.title}${next}`);
  }

  function begin(destination: string, runId: number): void {
    const began = Date.now();
    const rows = dueRows.all(destination, runId, began);
    if (rows.length === 0) return;
    const controller = new AbortController();
    const ended = travel({ destination, rows, probe: breakers.isOpen(destination), signal: controller.signal })
      .then(end => hasEnded(destination, runId, began, end))
      .catch(error => {
        resting.set(destination, Date.now() + restMs);
        log.error('delivery', `${destination}: ${error instanceof Error ? error.stack : error}`);
      })
      .then(() => {
        trips.delete(destination);
        if (stopping) return;
        changed(runId);
        if (pending.get(runId)?.n === 0) settled(runId);
        look();
      })
      .catch(error => log.error('delivery', `${destination}: ${error instanceof Error ? error.stack : error}`));
    trips.set(destination, { runId, controller, ended });
  }

  function look(): void {
    if (stopping) return;
    const now = Date.now();
    for (const { destination } of waitingAt.all()) {
      const notBefore = Math.max(breakers.notBefore(destination), resting.get(destination) ?? 0);
      if (trips.has(destination) || notBefore > now) continue;
      const next = nextRun.get(destination, now);
      if (next) begin(destination, next.run_id);
    }
  }

  return {
    wake: look,
    start() {
      timer = setInterval(look, lookMs);
      look();
    },
    forget(runId) {
      for (const trip of trips.values())
        if (trip.runId === runId) trip.controller.abort(new Cancelled('run cancelled'));
    },
    async stop() {
      stopping = true;
      clearInterval(timer);
      for (const trip of trips.values()) trip.controller.abort(new Shutdown('Gantry stops'));
      await Promise.all([...trips.values()].map(trip => trip.ended));
    },
  };
}
