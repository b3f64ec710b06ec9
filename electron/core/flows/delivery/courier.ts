import { join } from 'node:path';
import { AppError, describe, type Problem, problemOf } from '../../../../shared/problems.ts';
import type { Peers, Sender, SendFile, SendResult } from '../../dicom/index.ts';
import { Cancelled, Shutdown } from '../../lib/shutdown.ts';
import type { LogHub } from '../../logs/index.ts';
import type { Settings } from '../../settings/index.ts';
import { type Db, transaction } from '../../store/index.ts';
import type { Breakers } from './breaker.ts';
import { targetOf } from './destination.ts';
import { copyToFolder } from './folder.ts';
import type { DeliveryRow } from './rows.ts';

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
  settings: Pick<Settings, 'get'>;
  sender: Sender;
  peers: Pick<Peers, 'get'>;
  log: LogHub;
  changed: (runId: number) => void;
  settled: (runId: number) => void;
  breakers: Breakers;
  backOff: (attempts: number) => number;
}

interface Trip {
  runId: number;
  controller: AbortController;
  ended: Promise<void>;
}

/** Results wait at most this long, or this many, for their transaction. */
const keepMs = 250;
const keepRows = 50;
const lookMs = 500;

export function createCourier(needs: Needs): Courier {
  const { db, dataDirectory, settings, sender, peers, log, changed, settled, breakers, backOff } = needs;
  const dueTo = db.prepare<[number], { destination: string; run_id: number }>(`
    SELECT destination, min(run_id) AS run_id FROM deliveries WHERE state = 'pending' AND next_at <= ? GROUP BY destination`);
  const dueRows = db.prepare<[string, number, number], DeliveryRow>(
    "SELECT * FROM deliveries WHERE destination = ? AND run_id = ? AND state = 'pending' AND next_at <= ? ORDER BY id",
  );
  const confirm = db.prepare(`
    UPDATE deliveries SET state = 'confirmed', status = @status, problem = NULL, attempts = attempts + 1, last_at = @now,
      next_at = NULL, confirmed_at = @now WHERE id = @id AND state = 'pending'`);
  const refuse = db.prepare(`
    UPDATE deliveries SET state = @state, status = @status, problem = @problem, attempts = attempts + 1, last_at = @now,
      next_at = @next WHERE id = @id AND state = 'pending'`);
  const due = db.prepare<[number, string]>(
    "UPDATE deliveries SET next_at = ? WHERE destination = ? AND state = 'pending' AND attempts > 0",
  );
  const pending = db.prepare<[number], { n: number }>(
    "SELECT count(*) AS n FROM deliveries WHERE run_id = ? AND state = 'pending'",
  );

  const trips = new Map<string, Trip>();
  let timer: NodeJS.Timeout | undefined;
  let stopping = false;

  const toSendFile = (row: DeliveryRow): SendFile => ({
    file: join(dataDirectory, row.file),
    sopClassUid: row.sop_class_uid,
    sopInstanceUid: row.sop_instance_uid,
    transferSyntaxUid: row.transfer_syntax_uid,
  });

  function store(row: DeliveryRow, result: SendResult): void {
    const now = Date.now();
    const { status, problem } = result;
    if (result.confirmed) return void confirm.run({ id: row.id, status, now });
    const attempts = row.attempts + 1;
    const over = attempts >= settings.get('RETRY_ATTEMPTS');
    const next = over ? null : now + backOff(attempts);
    refuse.run({ id: row.id, state: over ? 'failed' : 'pending', status, problem: JSON.stringify(problem), now, next });
  }

  async function travel(destination: string, rows: DeliveryRow[], signal: AbortSignal): Promise<void> {
    const left = new Map(rows.map(row => [row.id, row]));
    let kept: [DeliveryRow, SendResult][] = [];
    let keptSince = Date.now();
    const flush = () => {
      const some = kept;
      kept = [];
      keptSince = Date.now();
      if (some.length === 0) return;
      transaction(db, () => {
        for (const [row, result] of some) store(row, result);
      });
      changed((rows[0] as DeliveryRow).run_id);
    };
    const keep = (row: DeliveryRow, result: SendResult) => {
      left.delete(row.id);
      kept.push([row, result]);
      if (kept.length >= keepRows || Date.now() - keptSince >= keepMs) flush();
    };
    try {
      const target = targetOf(destination, { peers, dataDirectory });
      if (target.kind === 'folder') {
        for (const row of rows) {
          signal.throwIfAborted();
          await copyToFolder(join(dataDirectory, row.file), target.path, row.sop_instance_uid);
          keep(row, { status: null, confirmed: true, problem: null });
        }
      } else {
        const rowOf = new Map<SendFile, DeliveryRow>(rows.map(row => [toSendFile(row), row]));
        await sender.send({
          peer: target.endpoint,
          files: [...rowOf.keys()],
          signal,
          result: (file, result) => keep(rowOf.get(file) as DeliveryRow, result),
        });
      }
      flush();
      if (breakers.succeeded(destination)) {
        log.info('delivery', `${destination} is back: all that waits for it goes now`);
        due.run(Date.now(), destination);
      }
    } catch (error) {
      // Confirmed is confirmed, whatever happened to the association after that.
      flush();
      if (signal.aborted) return;
      const problem = problemOf(error, `run-${rows[0]?.run_id}`);
      if (!(error instanceof AppError))
        log.error('delivery', `${destination}: ${error instanceof Error ? error.stack : error}`);
      tellFailure(destination, problem, [...left.values()]);
    }
  }

  function tellFailure(destination: string, problem: Problem, rows: DeliveryRow[]): void {
    breakers.failed(destination, problem);
    log.warn('delivery', `${destination}: ${problem.title}; ${rows.length} instances wait`);
    transaction(db, () => {
      for (const row of rows) store(row, { status: null, confirmed: false, problem });
    });
    const nextTryAt = breakers.notBefore(destination);
    const shown = nextTryAt > Date.now() ? describe('BREAKER_OPEN', { destination, nextTryAt }) : problem;
    log.info('delivery', shown.title);
  }

  function begin(destination: string, runId: number): void {
    const rows = dueRows.all(destination, runId, Date.now());
    if (rows.length === 0) return;
    const controller = new AbortController();
    const ended = travel(destination, rows, controller.signal)
      .catch(error => log.error('delivery', `${destination}: ${error instanceof Error ? error.stack : error}`))
      .then(() => {
        trips.delete(destination);
        if (stopping) return;
        changed(runId);
        if (pending.get(runId)?.n === 0) settled(runId);
        look();
      });
    trips.set(destination, { runId, controller, ended });
  }

  function look(): void {
    if (stopping) return;
    const now = Date.now();
    for (const { destination, run_id: runId } of dueTo.all(now)) {
      if (!trips.has(destination) && breakers.notBefore(destination) <= now) begin(destination, runId);
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
