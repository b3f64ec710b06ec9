import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogHub } from '../../../electron/core/logs/index.ts';
import { type Db, openStore } from '../../../electron/core/store/index.ts';
import {
  createJournal,
  createRemovals,
  createRetention,
  type Removals,
  type Retention,
} from '../../../electron/core/studies/index.ts';
import { fillStudies } from './fill.ts';

const day = 86_400_000;

describe('retention', () => {
  let directory: string;
  let db: Db;
  let retention: Retention;
  let removals: Removals;
  const ages = {
    RETENTION_ENABLED: true,
    RETENTION_SENT_DAYS: 10,
    RETENTION_FAILED_DAYS: 20,
    RETENTION_UNMATCHED_DAYS: 30,
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'gantry-retention-'));
    db = openStore(join(directory, 'store.sqlite'));
    removals = createRemovals({ db, dataDirectory: directory });
    retention = createRetention({
      db,
      dataDirectory: directory,
      settings: { get: key => ages[key as keyof typeof ages] as never },
      journal: createJournal({ db }),
      removals,
      log: createLogHub(),
    });
  });
  afterEach(() => {
    db.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const paths = () =>
    db
      .prepare<[], { path: string }>('SELECT path FROM instances')
      .all()
      .map(row => row.path);
  const remains = (path: string) => existsSync(join(directory, path));

  function study(uid: string): number[] {
    fillStudies(
      db,
      [
        {
          studyInstanceUid: uid,
          patientName: 'A',
          patientId: 'P',
          studyDate: '20260101',
          studyDescription: '',
          accessionNumber: '',
          modalities: 'CT',
        },
      ],
      1,
      2,
    );
    for (const path of paths()) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), 'x');
    }
    return db
      .prepare<[string], { id: number }>("SELECT id FROM instances WHERE sop_instance_uid LIKE ? || '.%'")
      .all(uid)
      .map(row => row.id);
  }
  function batch(instances: number[], state = 'evaluated', evaluatedDaysAgo = 100): number {
    const at = Date.now() - evaluatedDaysAgo * day;
    const id = Number(
      db
        .prepare(
          "INSERT INTO batches (collect, key, state, calling_ae, called_ae, host, opened_at, last_at, evaluated_at) VALUES ('association', ?, ?, 'A', 'B', 'h', ?, ?, ?)",
        )
        .run(String(Math.random()), state, at, at, at).lastInsertRowid,
    );
    for (const instance of instances) db.prepare('INSERT INTO batch_instances VALUES (?, ?)').run(id, instance);
    return id;
  }
  function run(batchId: number, state: string, daysAgo: number, deliveries: string[] = []): number {
    const at = Date.now() - daysAgo * day;
    const id = Number(
      db
        .prepare(
          "INSERT INTO runs (uid, batch_id, flow_file, flow_name, flow_version, flow_text, priority, state, code, created_at, finished_at, sent_at) VALUES (?, ?, 'f.yml', '', '', '', 0, ?, 0, ?, ?, ?)",
        )
        .run(String(Math.random()), batchId, state, at, at, at).lastInsertRowid,
    );
    for (const [index, delivery] of deliveries.entries()) {
      db.prepare(
        "INSERT INTO deliveries (run_id, position, destination, file, sop_class_uid, sop_instance_uid, transfer_syntax_uid, state) VALUES (?, 0, 'd', ?, 'c', 'i', 't', ?)",
      ).run(id, String(index), delivery);
    }
    mkdirSync(join(directory, 'runs', String(id)), { recursive: true });
    return id;
  }

  it('removes what was sent long ago, with its files, rows and counts, and says so in the journal', async () => {
    const instances = study('1.1');
    const id = run(batch(instances), 'sent', 11, ['confirmed', 'confirmed']);
    const before = paths();
    expect(await retention.sweep(true)).toMatchObject({ runs: [id] });
    expect(before.every(remains)).toBe(true);
    expect(await retention.sweep()).toMatchObject({ runs: [id], instances: 2 });
    expect(before.some(remains)).toBe(false);
    expect(existsSync(join(directory, 'runs', String(id)))).toBe(false);
    for (const table of ['instances', 'series', 'studies', 'removals'])
      expect(db.prepare(`SELECT count(*) AS n FROM ${table}`).get(), table).toEqual({ n: 0 });
    expect(db.prepare("SELECT event FROM journal WHERE study_instance_uid = '1.1'").all()).toEqual([
      { event: 'files-removed' },
    ]);
  });

  it.each([
    ['sent recently', 'evaluated', 'sent', 9, ['confirmed']],
    ['failed with something undelivered', 'evaluated', 'failed', 999, ['confirmed', 'failed']],
    ['still sending', 'evaluated', 'sending', 999, ['pending']],
    ['pending', 'evaluated', 'pending', 999, []],
    ['running', 'evaluated', 'running', 999, []],
    ['in a batch that is not judged yet', 'closed', null, 999, []],
    ['in an open batch', 'open', null, 999, []],
  ] as const)('keeps what is %s', async (_what, batchState, runState, daysAgo, deliveries) => {
    const id = batch(study('1.1'), batchState);
    if (runState) run(id, runState, daysAgo, [...deliveries]);
    await retention.sweep();
    expect(paths()).toHaveLength(2);
    expect(paths().every(remains)).toBe(true);
  });

  it('goes by the ages for failed and for unmatched', async () => {
    run(batch(study('1.1')), 'failed', 21);
    run(batch(study('1.2')), 'failed', 19);
    batch(study('1.3'), 'evaluated', 31);
    batch(study('1.4'), 'evaluated', 29);
    await retention.sweep();
    expect(db.prepare('SELECT study_instance_uid AS uid FROM studies ORDER BY 1').all()).toEqual([
      { uid: '1.2' },
      { uid: '1.4' },
    ]);
  });

  it('keeps an instance as long as any batch still holds it', async () => {
    const instances = study('1.1');
    run(batch(instances), 'sent', 50, ['confirmed']);
    const other = run(batch(instances), 'sending', 50, ['pending']);
    await retention.sweep();
    expect(paths().every(remains)).toBe(true);
    db.prepare("UPDATE deliveries SET state = 'confirmed' WHERE run_id = ?").run(other);
    db.prepare("UPDATE runs SET state = 'sent' WHERE id = ?").run(other);
    await retention.sweep();
    expect(paths()).toEqual([]);
    expect(readdirSync(join(directory, 'instances/20261121/1015'))).toEqual([]);
  });

  it('finishes what a crash interrupted, and takes nothing twice', async () => {
    const instances = study('1.1');
    const [left] = paths() as [string];
    batch(instances, 'evaluated', 99);
    db.prepare('INSERT INTO removals (path) VALUES (?)').run(left);
    await removals.finish();
    expect(remains(left)).toBe(false);
    await removals.finish();
    expect(db.prepare('SELECT count(*) AS n FROM removals').get()).toEqual({ n: 0 });
    // A file that is gone already does not stop the sweep.
    await retention.sweep();
    expect(paths()).toEqual([]);
  });
});
