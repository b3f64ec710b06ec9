import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createListener, type Listener } from '../../electron/core/dicom/index.ts';
import {
  type AssociationInfo,
  type AssociationOutcome,
  createInbox,
  type Inbox,
  type LandedInstance,
} from '../../electron/core/inbox/index.ts';
import { createLogHub, type LogHub } from '../../electron/core/logs/index.ts';
import { catalogue, type SettingKey, type SettingValues } from '../../electron/core/settings/index.ts';
import { type Db, openStore } from '../../electron/core/store/index.ts';

/** Store, inbox and listener without the rest of the core, on a port of the system's choice. */
export interface Receiver {
  directory: string;
  db: Db;
  inbox: Inbox;
  listener: Listener;
  log: LogHub;
  /** The port of the listener. */
  port: number;
  settings: { [K in SettingKey]?: SettingValues[K] };
  landed: LandedInstance[];
  ended: { association: AssociationInfo; outcome: AssociationOutcome; reason: string | null }[];
  stop(): Promise<void>;
}

export interface ReceiverOrder {
  /** Kept after `stop`; a temporary one otherwise. */
  directory?: string;
  settings?: Receiver['settings'];
  artimMs?: number;
  /** Called inside the index transaction before the instances count as landed. */
  onLanded?: (instances: LandedInstance[]) => void;
}

export async function startReceiver({
  directory,
  settings = {},
  artimMs,
  onLanded,
}: ReceiverOrder = {}): Promise<Receiver> {
  const data = directory ?? mkdtempSync(join(tmpdir(), 'gantry-receiver-'));
  mkdirSync(data, { recursive: true });
  const chosen: Receiver['settings'] = { DICOM_PORT: 0, DICOM_HOST: '127.0.0.1', MIN_FREE_BYTES: 0, ...settings };
  const get = <K extends SettingKey>(key: K): SettingValues[K] =>
    (chosen[key] ?? catalogue[key].default) as SettingValues[K];
  const db = openStore(join(data, 'gantry.sqlite'));
  const log = createLogHub();
  const landed: LandedInstance[] = [];
  const ended: Receiver['ended'] = [];
  const inbox = createInbox({
    db,
    dataDirectory: data,
    settings: { get },
    log,
    landed(instances) {
      onLanded?.(instances);
      landed.push(...instances);
    },
    ended: (association, outcome, reason) => void ended.push({ association, outcome, reason }),
  });
  await inbox.recover();
  const listener = createListener({ settings: { get }, inbox, log, artimMs });
  await listener.start();
  return {
    directory: data,
    db,
    inbox,
    listener,
    log,
    port: listener.status().port,
    settings: chosen,
    landed,
    ended,
    async stop() {
      await listener.stop();
      inbox.stop();
      db.close();
      if (!directory) rmSync(data, { recursive: true, force: true });
    },
  };
}
