import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockFile, openStore, transaction } from '../../../electron/core/store/index.ts';

describe('store', () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'gantry-store-'));
    file = join(directory, 'gantry.sqlite');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('opens what it made, and refuses what a newer version made', () => {
    openStore(file).close();
    const db = openStore(file);
    db.pragma('user_version = 99');
    db.close();
    expect(() => openStore(file)).toThrow(
      expect.objectContaining({ code: 'STORE_NEWER_THAN_APP', params: expect.objectContaining({ found: 99 }) }),
    );
  });

  it('undoes a transaction that throws, also inside another', () => {
    const db = openStore(file);
    const put = (key: string) => db.prepare('INSERT INTO facts VALUES (?, ?)').run(key, 'x');
    expect(() =>
      transaction(db, () => {
        put('a');
        throw new Error('no');
      }),
    ).toThrow('no');
    transaction(db, () => transaction(db, () => put('b')));
    expect(db.prepare('SELECT key FROM facts').all()).toEqual([{ key: 'b' }]);
    db.close();
  });

  it("has DicomFlow's rows for a Grafana panel, times in seconds", () => {
    const db = openStore(file);
    db.exec(`INSERT INTO batches (id, collect, key, calling_ae, called_ae, host, opened_at, last_at) VALUES (1, 'association', '1', 'CT1', 'G', '10.0.0.5', 1, 1);
      INSERT INTO runs (uid, batch_id, flow_file, flow_name, flow_version, flow_text, priority, state, code, created_at, started_at, finished_at, sent_at)
      VALUES ('u-1', 1, 'f.yml', 'Flow', '1.0', '', 4, 'sent', 4, 1795000000123, 1795000001000, 1795000002000, 1795000003999)`);
    const row = db.prepare<[], Record<string, unknown>>('SELECT * FROM rows').get();
    expect(row).toMatchObject({
      id: 1,
      ts: 1795000000,
      UID: 'u-1',
      Name: 'Flow',
      Priority: 4,
      Sender: '10.0.0.5',
      Dispatched: 1795000001,
      Finished: 1795000002,
      Sent: 1795000003,
      Status: 4,
    });
    expect(Object.keys(row ?? {}).slice(0, 3)).toEqual(['id', 'ts', 'UID']);
    db.close();
  });

  it('locks a file for one holder at a time', () => {
    const lock = join(directory, 'gantry.lock');
    const release = lockFile(lock);
    expect(release).not.toBeNull();
    expect(lockFile(lock)).toBeNull();
    release?.();
    const again = lockFile(lock);
    expect(again).not.toBeNull();
    again?.();
  });
});
