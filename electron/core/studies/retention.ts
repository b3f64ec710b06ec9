import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogHub } from '../logs/index.ts';
import type { Settings } from '../settings/index.ts';
import { type Db, transaction } from '../store/index.ts';
import type { Journal } from './journal.ts';
import type { Removals } from './removals.ts';

export interface RemovalReport {
  /** Runs whose outputs and logs go. */
  runs: number[];
  batches: number[];
  instances: number;
  bytes: number;
}

/**
 * The one rule by which files are removed, off by default (settings RETENTION_*):
 *
 * - the files of a run go when it is sent, failed or cancelled longer than the age for that; never while a delivery of it
 *   is unconfirmed, unless it was cancelled;
 * - a batch goes when all its runs' files are gone or, where no flow matched, at the age for that;
 * - an instance goes with the last batch that holds it.
 */
export interface Retention {
  /** @param dryRun only tells what would go */
  sweep(dryRun?: boolean): Promise<RemovalReport>;
  start(): void;
  stop(): Promise<void>;
}

interface Needs {
  db: Db;
  dataDirectory: string;
  settings: Pick<Settings, 'get'>;
  journal: Pick<Journal, 'write'>;
  removals: Removals;
  log: LogHub;
}

const sweepEveryMs = 3_600_000;
const dayMs = 86_400_000;
const nothing = (): RemovalReport => ({ runs: [], batches: [], instances: 0, bytes: 0 });

export function createRetention({ db, dataDirectory, settings, journal, removals, log }: Needs): Retention {
  const oldRuns = db.prepare<[number, number, number], { id: number }>(`
    SELECT id FROM runs WHERE files_removed_at IS NULL AND (
      (state = 'sent' AND sent_at <= ?)
      OR (state = 'cancelled' AND finished_at <= ?)
      OR (state = 'failed' AND finished_at <= ?
        AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.run_id = runs.id AND d.state <> 'confirmed')))`);
  const runGone = db.prepare<[number, number]>('UPDATE runs SET files_removed_at = ? WHERE id = ?');
  const oldBatches = db.prepare<[number], { id: number; instance_count: number; bytes: number }>(`
    SELECT id, instance_count, bytes FROM batches b WHERE state = 'evaluated' AND CASE
      WHEN EXISTS (SELECT 1 FROM runs r WHERE r.batch_id = b.id)
      THEN NOT EXISTS (SELECT 1 FROM runs r WHERE r.batch_id = b.id AND r.files_removed_at IS NULL)
      ELSE evaluated_at <= ? END`);
  const batchGone = db.prepare<[number]>("UPDATE batches SET state = 'removed' WHERE id = ?");
  const lastOf = db.prepare<[number], { id: number; series_id: number; path: string; bytes: number; study: string }>(`
    SELECT i.id, i.series_id, i.path, i.bytes, t.study_instance_uid AS study
    FROM batch_instances x JOIN instances i ON i.id = x.instance_id
      JOIN series s ON s.id = i.series_id JOIN studies t ON t.id = s.study_id
    WHERE x.batch_id = ? AND NOT EXISTS (
      SELECT 1 FROM batch_instances y JOIN batches b ON b.id = y.batch_id
      WHERE y.instance_id = i.id AND b.id <> x.batch_id AND b.state <> 'removed')`);
  const dropInstance = db.prepare<[number]>('DELETE FROM instances WHERE id = ?');
  const countSeries = db.prepare(`
    UPDATE series SET instance_count = (SELECT count(DISTINCT sop_instance_uid) FROM instances WHERE series_id = series.id),
      bytes = (SELECT coalesce(sum(bytes), 0) FROM instances WHERE series_id = series.id) WHERE id = ?`);
  const dropEmptySeries = db.prepare<[number]>('DELETE FROM series WHERE id = ? AND instance_count = 0');
  const countStudy = db.prepare(`
    UPDATE studies SET series_count = (SELECT count(*) FROM series WHERE study_id = studies.id),
      instance_count = (SELECT coalesce(sum(instance_count), 0) FROM series WHERE study_id = studies.id),
      bytes = (SELECT coalesce(sum(bytes), 0) FROM series WHERE study_id = studies.id) WHERE study_instance_uid = ?`);
  const dropEmptyStudy = db.prepare<[string]>(
    'DELETE FROM studies WHERE study_instance_uid = ? AND instance_count = 0',
  );

  const age = (key: 'RETENTION_SENT_DAYS' | 'RETENTION_FAILED_DAYS' | 'RETENTION_UNMATCHED_DAYS') =>
    Date.now() - settings.get(key) * dayMs;

  /** Takes one batch and the instances that only it still holds out of the index. */
  function takeOut(batchId: number): { instances: number; bytes: number } {
    const rows = lastOf.all(batchId);
    for (const row of rows) {
      removals.note(row.path);
      dropInstance.run(row.id);
    }
    for (const seriesId of new Set(rows.map(row => row.series_id))) {
      countSeries.run(seriesId);
      dropEmptySeries.run(seriesId);
    }
    for (const [study, of] of Map.groupBy(rows, row => row.study)) {
      countStudy.run(study);
      dropEmptyStudy.run(study);
      journal.write(study, 'files-removed', { batchId, instances: of.length });
    }
    batchGone.run(batchId);
    return { instances: rows.length, bytes: rows.reduce((sum, row) => sum + row.bytes, 0) };
  }

  async function sweep(dryRun = false): Promise<RemovalReport> {
    const report = nothing();
    const runs = oldRuns.all(age('RETENTION_SENT_DAYS'), age('RETENTION_FAILED_DAYS'), age('RETENTION_FAILED_DAYS'));
    report.runs = runs.map(run => run.id);
    if (dryRun) return report;
    for (const { id } of runs) {
      runGone.run(Date.now(), id);
      await rm(join(dataDirectory, 'runs', String(id)), { recursive: true, force: true });
    }
    for (const { id } of oldBatches.all(age('RETENTION_UNMATCHED_DAYS'))) {
      const { instances, bytes } = transaction(db, () => takeOut(id));
      report.batches.push(id);
      report.instances += instances;
      report.bytes += bytes;
    }
    await removals.finish();
    if (report.runs.length + report.batches.length > 0) {
      log.info(
        'retention',
        `removed ${report.instances} instances of ${report.batches.length} batches and the files of ${report.runs.length} runs`,
      );
    }
    return report;
  }

  let timer: NodeJS.Timeout | undefined;
  let working: Promise<unknown> = Promise.resolve();
  const tick = () => {
    if (!settings.get('RETENTION_ENABLED')) return;
    working = sweep().catch(error => log.error('retention', error instanceof Error ? error.message : String(error)));
  };
  return {
    sweep,
    start() {
      timer = setInterval(tick, sweepEveryMs);
      tick();
    },
    async stop() {
      clearInterval(timer);
      await working;
    },
  };
}
