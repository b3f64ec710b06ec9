/** Child of receive.ts: store, settings, inbox and listener, as in the product and nothing else. Prints its port. */
import { createListener } from '../../electron/core/dicom/index.ts';
import { createInbox } from '../../electron/core/inbox/index.ts';
import { createLogHub } from '../../electron/core/logs/index.ts';
import { createSettings } from '../../electron/core/settings/index.ts';
import { openStore } from '../../electron/core/store/index.ts';

const dataDirectory = process.argv[2] as string;
const log = createLogHub();
const options = { DICOM_PORT: '0', DICOM_HOST: '127.0.0.1', MIN_FREE_BYTES: '0' };
const settings = createSettings({ dataDirectory, environment: {}, options, log });
const db = openStore(`${dataDirectory}/gantry.sqlite`);
const inbox = createInbox({ db, dataDirectory, settings, log, landed: () => {}, ended: () => {} });
await inbox.recover();
const listener = createListener({ settings, inbox, log });
await listener.start();
process.stdout.write(`${listener.status().port}\n`);
process.once('SIGTERM', async () => {
  await listener.stop();
  inbox.stop();
  settings.stop();
  db.close();
  if (process.env.BENCH_LOG) for (const { line } of log.recent(20)) process.stderr.write(`${line}\n`);
  process.exit(0);
});
