import type { Problem } from '../../../../shared/problems.ts';
import type { Destination } from '../../../../shared/schemas/flows.ts';
import type { Delivery } from '../../../../shared/schemas/runs.ts';
import type { Peers, Sender } from '../../dicom/index.ts';
import type { LogHub } from '../../logs/index.ts';
import type { Settings } from '../../settings/index.ts';
import { type Db, transaction } from '../../store/index.ts';
import { type Breakers, createBreakers } from './breaker.ts';
import { createCourier } from './courier.ts';
import { destinationText } from './destination.ts';
import { createResults } from './results.ts';
import { createDeliveryViews, type DeliveryCount } from './rows.ts';

export interface PlannedFile {
  /** Below DATA. */
  file: string;
  sopClassUid: string;
  sopInstanceUid: string;
  transferSyntaxUid: string;
}

export interface Deliveries {
  /** One row an instance and destination; done twice it makes no more. Inside the caller's transaction. */
  plan(runId: number, destinations: Destination[], files: PlannedFile[]): void;
  /** Rows have become due. */
  wake(): void;
  /** No further tries for what is not confirmed. */
  cancel(runId: number): void;
  /** What is not confirmed becomes due again, with a new count of attempts, even where its destination is left alone. */
  retry(runId: number): void;
  /** What waits for the destination goes now. */
  tryNow(destination: string): void;
  breakers(): ReturnType<Breakers['list']>;
  ofRun(runId: number): Delivery[];
  counts(runIds: readonly number[]): Map<number, DeliveryCount>;
  /** Why the run is not sent yet. */
  waiting(runId: number): Problem | null;
  start(): void;
  stop(): Promise<void>;
}

interface Needs {
  db: Db;
  dataDirectory: string;
  settings: Pick<Settings, 'get'>;
  sender: Sender;
  peers: Pick<Peers, 'get' | 'onChange'>;
  log: LogHub;
  changed: (runId: number) => void;
  /** Nothing of the run is waiting any more. */
  settled: (runId: number) => void;
}

export function createDeliveries(needs: Needs): Deliveries {
  const { db, settings } = needs;
  const views = createDeliveryViews(db);
  const breakers = createBreakers({
    db,
    limit: () => settings.get('BREAKER_FAILURES'),
    wait: failures => backOff(failures, settings),
  });
  const results = createResults({ db, settings, backOff: attempts => backOff(attempts, settings) });
  const courier = createCourier({ ...needs, breakers, results });
  const insert = db.prepare(`
    INSERT OR IGNORE INTO deliveries (run_id, position, destination, file, sop_class_uid, sop_instance_uid, transfer_syntax_uid, next_at)
    VALUES (@runId, @position, @destination, @file, @sopClassUid, @sopInstanceUid, @transferSyntaxUid, @now)`);
  const giveUp = db.prepare<[number]>(
    "UPDATE deliveries SET state = 'failed', next_at = NULL WHERE run_id = ? AND state = 'pending'",
  );
  const again = db.prepare<[number, number]>(
    "UPDATE deliveries SET state = 'pending', attempts = 0, next_at = ? WHERE run_id = ? AND state <> 'confirmed'",
  );
  const placesOf = db.prepare<[number], { destination: string }>(
    "SELECT DISTINCT destination FROM deliveries WHERE run_id = ? AND state = 'pending'",
  );
  const dueNow = db.prepare<[number, string]>(
    "UPDATE deliveries SET next_at = ? WHERE destination = ? AND state = 'pending'",
  );

  const toPeers = db.prepare<[], { destination: string }>(
    "SELECT DISTINCT destination FROM deliveries WHERE state = 'pending' AND destination LIKE 'peer://%'",
  );
  const goNow = (destinations: { destination: string }[]) => {
    for (const { destination } of destinations) {
      breakers.tryNow(destination);
      dueNow.run(Date.now(), destination);
    }
    courier.wake();
  };
  // A peer that was missing, or had another address, may be right now.
  let forgetPeers = () => {};

  return {
    plan(runId, destinations, files) {
      const now = Date.now();
      transaction(db, () => {
        destinations.forEach((destination, position) => {
          for (const file of files)
            insert.run({ runId, position, destination: destinationText(destination), ...file, now });
        });
      });
    },
    wake: courier.wake,
    cancel(runId) {
      giveUp.run(runId);
      courier.forget(runId);
    },
    retry(runId) {
      const now = Date.now();
      transaction(db, () => {
        again.run(now, runId);
        for (const { destination } of placesOf.all(runId)) breakers.tryNow(destination);
      });
    },
    tryNow: destination => goNow([{ destination }]),
    breakers: breakers.list,
    ...views,
    start() {
      forgetPeers = needs.peers.onChange(() => goNow(toPeers.all()));
      courier.start();
    },
    stop() {
      forgetPeers();
      return courier.stop();
    },
  };
}

/** Wait in ms before the next attempt: RETRY_FIRST doubled up to RETRY_MAX. */
function backOff(attempts: number, settings: Pick<Settings, 'get'>): number {
  const seconds = settings.get('RETRY_FIRST') * 2 ** Math.min(attempts - 1, 30);
  return Math.min(seconds, settings.get('RETRY_MAX')) * 1000;
}
