import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { flowStatistics } from '../../../electron/core/flows/statistics.ts';
import { openStore } from '../../../electron/core/store/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'gantry-statistics-'));
const db = openStore(join(directory, 'store.sqlite'));
afterAll(() => {
  db.close();
  rmSync(directory, { recursive: true, force: true });
});

it('counts the ended runs of each flow by day, with the time that half and 95 of 100 took', () => {
  db.exec(
    "INSERT INTO batches (id, collect, key, state, opened_at, last_at, calling_ae, called_ae, host) VALUES (1, 'association', '1', 'evaluated', 1, 1, 'A', 'B', 'h')",
  );
  const insert = db.prepare(
    `INSERT INTO runs (uid, batch_id, flow_file, flow_name, flow_version, flow_text, priority, state, code, created_at, started_at, finished_at, sent_at)
     VALUES (?, 1, ?, ?, '', '', 0, ?, 0, ?, ?, ?, ?)`,
  );
  const now = new Date(2026, 10, 21, 14, 30).getTime();
  const day = 86_400_000;
  let number = 0;
  const add = (name: string, state: string, endedAt: number, took: number) =>
    insert.run(
      `u${++number}`,
      'f.yml',
      name,
      state,
      endedAt - took,
      endedAt - took,
      endedAt,
      state === 'sent' ? endedAt : null,
    );
  for (let index = 1; index <= 20; index++) add('CT', 'sent', now - index, index * 1000);
  add('CT', 'failed', now - day, 5);
  add('CT', 'failed', now - 2 * day, 5);
  add('CT', 'sent', now - 3 * day, 1_000_000);
  add('', 'cancelled', now, 7);
  const [ct, other] = flowStatistics(db, 3, now);
  expect(ct).toMatchObject({ flow: 'CT', count: 22, sent: 20, failed: 2, cancelled: 0, p50: 10_000, p95: 19_000 });
  expect(ct?.days).toEqual([
    { day: '2026-11-19', sent: 0, failed: 1 },
    { day: '2026-11-20', sent: 0, failed: 1 },
    { day: '2026-11-21', sent: 20, failed: 0 },
  ]);
  expect(other).toMatchObject({ flow: 'f.yml', count: 1, cancelled: 1, p50: null, p95: null });
});
