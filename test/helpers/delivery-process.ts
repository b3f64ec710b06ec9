/** Deliveries in a process of their own, to be killed: `node delivery-process.ts DATA`. Ends with 0 when all is settled. */
import { join } from 'node:path';
import { createPeers, createSender } from '../../electron/core/dicom/index.ts';
import { createDeliveries } from '../../electron/core/flows/delivery/index.ts';
import { createLogHub } from '../../electron/core/logs/index.ts';
import { openStore } from '../../electron/core/store/index.ts';
import { settingsOf } from './settings-of.ts';

const dataDirectory = process.argv[2] ?? '';
const db = openStore(join(dataDirectory, 'store.sqlite'));
const settings = settingsOf({ RETRY_FIRST: 0.1, RETRY_MAX: 0.2, RETRY_ATTEMPTS: 1000, SEND_ASSOCIATIONS: 2 });
const log = createLogHub();
const deliveries = createDeliveries({
  db,
  dataDirectory,
  settings,
  sender: createSender({ settings, log }),
  peers: createPeers({ db }),
  log,
  changed: () => {},
  settled: () => process.exit(0),
});
const left = db.prepare<[], { n: number }>("SELECT count(*) AS n FROM deliveries WHERE state = 'pending'").get();
if (left?.n === 0) process.exit(0);
deliveries.start();
process.stdout.write('started\n');
