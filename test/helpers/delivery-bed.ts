import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createPeers, createSender } from '../../electron/core/dicom/index.ts';
import { createDeliveries, type Deliveries } from '../../electron/core/flows/delivery/index.ts';
import { createLogHub } from '../../electron/core/logs/index.ts';
import { type Db, openStore } from '../../electron/core/store/index.ts';
import type { Destination } from '../../shared/schemas/flows.ts';
import type { Delivery } from '../../shared/schemas/runs.ts';
import { makeStudy } from './dicom-maker.ts';
import { settingsOf } from './settings-of.ts';

/** Store, peers, sender and deliveries over a data directory of their own. */
export interface DeliveryBed {
  directory: string;
  db: Db;
  peers: ReturnType<typeof createPeers>;
  /** Changes while it runs. */
  values: NonNullable<Parameters<typeof settingsOf>[0]>;
  deliveries: Deliveries;
  /** Runs that were told to be settled, in order. */
  settled: number[];
  /** A run with so many made instances, planned for the destinations. */
  run(instances: number, destinations: Destination[], side?: number): { id: number; uids: string[]; files: string[] };
  of(runId: number): Delivery[];
  /** As after kill -9: what was in memory is gone, and nobody said goodbye. */
  restart(): void;
  stop(): Promise<void>;
}

export function openDeliveryBed(values: DeliveryBed['values'] = {}): DeliveryBed {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-delivery-'));
  const db = openStore(join(directory, 'store.sqlite'));
  db.prepare(
    "INSERT INTO batches (id, collect, key, calling_ae, called_ae, host, opened_at, last_at) VALUES (1, 'association', '1', 'CT', 'GANTRY', 'h', 1, 1)",
  ).run();
  const insert = db.prepare(
    "INSERT INTO runs (uid, batch_id, flow_file, flow_name, flow_version, flow_text, priority, state, code, created_at) VALUES (?, 1, 'f', 'f', '', '', 0, 'sending', 3, 1)",
  );
  const all: Deliveries[] = [];
  const started = (): Deliveries => {
    const settings = { get: settingsOf(bed.values).get };
    const log = createLogHub();
    const deliveries = createDeliveries({
      db,
      dataDirectory: directory,
      settings: { get: key => settingsOf(bed.values).get(key) },
      sender: createSender({ settings, log }),
      peers: bed.peers,
      log,
      changed: () => {},
      settled: runId => void bed.settled.push(runId),
    });
    all.push(deliveries);
    deliveries.start();
    return deliveries;
  };
  const bed: DeliveryBed = {
    directory,
    db,
    peers: createPeers({ db }),
    values: { RETRY_FIRST: 0.1, RETRY_MAX: 0.4, SEND_TIMEOUT: 2, BREAKER_FAILURES: 1000, ...values },
    deliveries: undefined as unknown as Deliveries,
    settled: [],
    run(instances, destinations, side) {
      const id = Number(insert.run(`run-${Math.random()}`).lastInsertRowid);
      const folder = join(directory, 'runs', String(id), 'steps', '0');
      mkdirSync(folder, { recursive: true });
      const made = makeStudy({ directory: folder, instances, ...(side ? { side } : {}) });
      bed.deliveries.plan(
        id,
        destinations,
        made.map(({ file, sopClassUid, sopInstanceUid }) => ({
          file: relative(directory, file),
          sopClassUid,
          sopInstanceUid,
          transferSyntaxUid: '1.2.840.10008.1.2.1',
        })),
      );
      bed.deliveries.wake();
      return { id, uids: made.map(item => item.sopInstanceUid), files: made.map(item => item.file) };
    },
    of: runId => bed.deliveries.ofRun(runId),
    restart() {
      bed.deliveries = started();
    },
    async stop() {
      for (const deliveries of all) await deliveries.stop();
      db.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  bed.deliveries = started();
  return bed;
}
