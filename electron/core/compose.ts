import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { HubLine } from '../../shared/schemas/logs.ts';
import {
  createEcho,
  createListener,
  createPeers,
  createSender,
  type Listener,
  readTagTree,
  sopClassName,
} from './dicom/index.ts';
import { createEngine, type Engine } from './docker/index.ts';
import { createFlows, type Flows } from './flows/index.ts';
import { createContainerStep } from './flows/steps/index.ts';
import { createHealth, type HealthRoom } from './health.ts';
import { createBatches, createImports, createInbox, type Imports, type Inbox } from './inbox/index.ts';
import { createZipTickets, type ZipTickets } from './lib/zip-tickets.ts';
import { hubSource, type LogHub, type LogStore, openLogStore } from './logs/index.ts';
import { createSettings, type SettingKey, type Settings } from './settings/index.ts';
import { type Db, openStore } from './store/index.ts';
import {
  createDeleteStudy,
  createExports,
  createJournal,
  createLogSources,
  createRemovals,
  createRetention,
  createStudies,
  type Exports,
  type Journal,
  type Studies,
} from './studies/index.ts';

export interface CoreOptions {
  dataDirectory: string;
  /** From the command line, over everything else. */
  options: Partial<Record<SettingKey, string>>;
  environment: NodeJS.ProcessEnv;
  log: LogHub;
  version: string;
}

/** The whole product without a door. */
export interface Core {
  dataDirectory: string;
  settings: Settings;
  studies: Studies;
  deleteStudy: ReturnType<typeof createDeleteStudy>;
  exports: Exports;
  zips: ZipTickets;
  journal: Journal;
  flows: Flows;
  inbox: Inbox;
  imports: Imports;
  listener: Listener;
  engine: Engine;
  peers: ReturnType<typeof createPeers>;
  echo: ReturnType<typeof createEcho>;
  health: HealthRoom;
  log: LogHub;
  logs: LogStore;
  logSources: ReturnType<typeof createLogSources>;
  stop(): Promise<void>;
}

/**
 * Makes the rooms in order, starts them, and stops them in reverse.
 *
 * @throws SETTINGS_INVALID, STORE_NEWER_THAN_APP, PORT_TAKEN, TLS_FILE_UNREADABLE: nothing is left running then
 */
export async function startCore({ dataDirectory, options, environment, log, version }: CoreOptions): Promise<Core> {
  const stops: (() => void | Promise<void>)[] = [];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) {
      await Promise.resolve(end()).catch(error =>
        log.error('core', `stop: ${error instanceof Error ? error.stack : error}`),
      );
    }
  };
  try {
    for (const folder of ['conf.d', 'flows', 'static', 'instances', 'runs']) {
      mkdirSync(join(dataDirectory, folder), { recursive: true });
    }
    const settings = createSettings({ dataDirectory, environment, options, log });
    stops.push(() => settings.stop());
    const logs = openLogStore({
      directory: join(dataDirectory, 'logs'),
      limitBytes: () => settings.get('LOG_SPILL_BYTES'),
    });
    stops.push(() => logs.stop());
    stops.push(keepHubLines(log, logs));
    const db = openStore(join(dataDirectory, 'gantry.sqlite'));
    stops.push(() => void db.close());

    const zips = createZipTickets();
    const journal = createJournal({ db });
    const removals = createRemovals({ db, dataDirectory });
    const deleteStudy = createDeleteStudy({ db, journal, removals, log });
    const studies = createStudies({ db, dataDirectory, sopClassName, readTags: readTagTree });
    const engine = createEngine({
      address: settings.get('DOCKER_HOST'),
      log,
      installationId: installationId(db),
      lastKept: logs.lastOf,
    });
    const peers = createPeers({ db });
    const stepKind = createContainerStep({ engine, settings, log });
    const flows = createFlows({
      db,
      dataDirectory,
      settings,
      journal,
      sender: createSender({ settings, log }),
      peers,
      stepKind,
      zips,
      log,
    });
    const batches = createBatches({ db, quietCollects: flows.quietCollects, closed: flows.batchesClosed, journal });
    const inbox = createInbox({ db, dataDirectory, settings, log, landed: batches.landed, ended: batches.ended });
    stops.push(() => inbox.stop());
    const { associated, freeSpace } = inbox;
    const imports = createImports({ db, dataDirectory, settings, log, associated, freeSpace });
    const listener = createListener({ settings, inbox, log });
    const retention = createRetention({ db, dataDirectory, settings, log, journal, removals });
    const health = createHealth({ version, dataDirectory, db, settings, listener, inbox, engine, flows });

    await engine.start();
    stops.push(() => engine.stop());
    engine.logs.start();
    stops.push(() => engine.logs.stop());
    await removals.finish();
    await inbox.recover();
    imports.recover();
    await flows.start();
    stops.push(() => flows.stop());
    stops.push(engine.onChange(flows.engineChanged));
    stops.push(settings.onChange(flows.queue.pump));
    batches.start();
    stops.push(batches.stop);
    retention.start();
    stops.push(() => retention.stop());
    stops.push(() => imports.stop());
    await listener.start();
    stops.push(() => listener.stop());
    stops.push(() => health.stop());

    const echo = createEcho({ settings });
    return {
      dataDirectory,
      settings,
      studies,
      deleteStudy,
      exports: createExports({ db, dataDirectory, tickets: zips, log }),
      zips,
      journal,
      flows,
      inbox,
      imports,
      listener,
      engine,
      peers,
      echo,
      health,
      log,
      logs,
      logSources: createLogSources({ db }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What the rooms say is part of the one log, also what they said before there was one. */
function keepHubLines(log: LogHub, logs: LogStore): () => void {
  const keep = ({ at, source, level, line }: HubLine) =>
    logs.append({ at, source: hubSource(source), level, stream: 'gantry', text: line });
  for (const line of log.recent(1000)) keep(line);
  return log.listen(keep, logs.append);
}

/** Names this data directory on containers, so that two Gantrys on one engine keep their hands off each other's. */
function installationId(db: Db): string {
  db.prepare("INSERT OR IGNORE INTO facts (key, value) VALUES ('installation', ?)").run(randomUUID());
  const row = db.prepare<[], { value: string }>("SELECT value FROM facts WHERE key = 'installation'").get();
  return row?.value ?? '';
}
