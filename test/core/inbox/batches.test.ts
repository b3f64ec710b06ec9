import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LandedInstance } from '../../../electron/core/inbox/index.ts';
import { createBatches, type QuietCollect } from '../../../electron/core/inbox/index.ts';
import { type Db, openStore } from '../../../electron/core/store/index.ts';
import { createJournal } from '../../../electron/core/studies/index.ts';
import { eventually } from '../../helpers/dcmtk.ts';

describe('batches', () => {
  let directory: string;
  let db: Db;
  let collects: QuietCollect[];
  let closed: number;
  let batches: ReturnType<typeof createBatches>;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'gantry-batches-'));
    db = openStore(join(directory, 'store.sqlite'));
    collects = [];
    closed = 0;
    batches = createBatches({
      db,
      quietCollects: () => collects,
      closed: () => closed++,
      journal: createJournal({ db }),
    });
    batches.start();
  });
  afterEach(() => {
    batches.stop();
    db.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const association = (id: number) => ({
    id,
    callingAe: 'CT1',
    calledAe: 'GANTRY',
    host: '127.0.0.1',
    port: 1,
    tls: false,
  });
  /** An indexed instance, as the inbox leaves it before it tells the batches. */
  function landed(id: number, associationId: number, series = 'S1', study = 'T1'): LandedInstance {
    db.prepare(
      "INSERT OR IGNORE INTO associations (id, calling_ae, called_ae, host, port, tls, started_at) VALUES (?, 'CT1', 'GANTRY', 'h', 1, 0, 1)",
    ).run(associationId);
    db.prepare(
      "INSERT OR IGNORE INTO studies (id, study_instance_uid, patient_id, patient_name, patient_birth_date, patient_sex, study_date, study_time, study_description, accession_number, received_at, updated_at) VALUES (1, ?, '', '', '', '', '', '', '', '', 1, 1)",
    ).run(study);
    db.prepare(
      "INSERT OR IGNORE INTO series (id, study_id, series_instance_uid, modality, series_number, series_description, body_part_examined, received_at, updated_at) VALUES (1, 1, ?, 'CT', '', '', '', 1, 1)",
    ).run(series);
    db.prepare(
      "INSERT OR IGNORE INTO instances (id, series_id, sop_instance_uid, sop_class_uid, transfer_syntax_uid, instance_number, path, data_set_offset, bytes, sha256, association_id, received_at) VALUES (?, 1, ?, 'C', 'X', '', ?, 0, 10, x'00', ?, 1)",
    ).run(id, `1.${id}`, `p${id}`, associationId);
    return {
      id,
      sopInstanceUid: `1.${id}`,
      sopClassUid: 'C',
      transferSyntaxUid: 'X',
      studyInstanceUid: study,
      seriesInstanceUid: series,
      path: `p${id}`,
      bytes: 10,
      associationId,
      outcome: 'stored',
    };
  }
  const rows = () =>
    db
      .prepare<
        [],
        { collect: string; key: string; state: string; complete: number; instance_count: number; bytes: number }
      >('SELECT collect, key, state, complete, instance_count, bytes FROM batches ORDER BY id')
      .all();

  it('closes at release, complete', async () => {
    batches.landed([landed(1, 7), landed(2, 7)], association(7));
    expect(rows()).toMatchObject([{ collect: 'association', key: '7', state: 'open', instance_count: 2, bytes: 20 }]);
    batches.ended(association(7), 'released', null);
    expect(rows()).toMatchObject([{ state: 'closed', complete: 1 }]);
    await eventually(() => closed === 1, 'told', 1000);
  });

  it('marks an aborted association incomplete and keeps its instances', () => {
    batches.landed([landed(1, 7)], association(7));
    batches.ended(association(7), 'aborted', 'the peer went away');
    expect(rows()).toMatchObject([{ state: 'closed', complete: 0, instance_count: 1 }]);
    const events = db.prepare<[], { event: string }>('SELECT event FROM journal ORDER BY id').all();
    expect(events.map(row => row.event)).toEqual(['received', 'incomplete']);
  });

  it('makes no batch of an association without instances', () => {
    batches.ended(association(9), 'released', null);
    expect(rows()).toEqual([]);
  });

  it('counts an instance sent twice in one association once', () => {
    const instance = landed(1, 7);
    batches.landed([instance], association(7));
    batches.landed([{ ...instance, outcome: 'duplicate' }], association(7));
    expect(rows()).toMatchObject([{ instance_count: 1, bytes: 10 }]);
  });

  it('collects a series over associations until it is quiet, and begins a new batch after that', async () => {
    collects = [{ collect: 'series', quietMs: 600 }];
    batches.landed([landed(1, 7)], association(7));
    batches.ended(association(7), 'released', null);
    await new Promise(resolve => setTimeout(resolve, 300));
    batches.landed([landed(2, 8)], association(8));
    const series = () => rows().filter(row => row.collect === 'series');
    expect(series()).toMatchObject([{ key: 'S1', state: 'open', instance_count: 2 }]);
    await new Promise(resolve => setTimeout(resolve, 400));
    expect(series()).toMatchObject([{ state: 'open' }]);
    await eventually(() => series()[0]?.state === 'closed', 'quiet', 2000);
    batches.landed([landed(3, 9)], association(9));
    expect(series()).toMatchObject([
      { state: 'closed', instance_count: 2 },
      { state: 'open', instance_count: 1 },
    ]);
  });

  it('keeps two quiet times for the same study apart', () => {
    collects = [
      { collect: 'study', quietMs: 100 },
      { collect: 'study', quietMs: 60_000 },
    ];
    batches.landed([landed(1, 7)], association(7));
    expect(rows().filter(row => row.collect === 'study')).toHaveLength(2);
  });
});
