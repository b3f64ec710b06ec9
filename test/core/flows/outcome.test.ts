import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseFlow } from '../../../electron/core/flows/definition.ts';
import type { Deliveries } from '../../../electron/core/flows/delivery/index.ts';
import { createOutcome } from '../../../electron/core/flows/outcome.ts';
import { createRuns } from '../../../electron/core/flows/runs.ts';
import { createLogHub } from '../../../electron/core/logs/index.ts';
import { openStore } from '../../../electron/core/store/index.ts';
import { createJournal } from '../../../electron/core/studies/index.ts';

it('fails a run that is to go back to a sender that is not there, as for an imported batch', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-outcome-'));
  const db = openStore(join(directory, 'store.sqlite'));
  const runs = createRuns({ db, journal: createJournal({ db }), changed: () => {} });
  // Whatever is planned of deliveries would end the test.
  const outcome = createOutcome({
    db,
    dataDirectory: directory,
    runs,
    deliveries: {} as Deliveries,
    log: createLogHub(),
  });
  const batch = db
    .prepare(
      "INSERT INTO batches (collect, key, state, calling_ae, called_ae, host, opened_at, last_at) VALUES ('association', '1', 'evaluated', 'A', 'B', '', 1, 1)",
    )
    .run();
  const text = 'name: F\nmodels: []\nreturn_to_sender_on_port: 104';
  const { flow } = parseFlow(text, 'f.yml');
  if (!flow) throw new Error('the test flow is not valid');
  const id = runs.create({ batchId: Number(batch.lastInsertRowid), file: 'f.yml', text, flow });
  await outcome.deliver(runs.get(id), flow);
  expect(runs.get(id)).toMatchObject({ state: 'failed' });
  expect(runs.get(id).problem).toMatch(/NO_SENDER/);
  db.close();
  rmSync(directory, { recursive: true, force: true });
});
