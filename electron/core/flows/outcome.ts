import { join, relative, sep } from 'node:path';
import { describe, problemOf } from '../../../shared/problems.ts';
import type { Destination, Flow } from '../../../shared/schemas/flows.ts';
import { hasEnded } from '../../../shared/states/run-state.ts';
import type { LogHub } from '../logs/index.ts';
import { type Db, transaction } from '../store/index.ts';
import { type Deliveries, inspectOutput } from './delivery/index.ts';
import { outputDirectory } from './execute.ts';
import type { RunRow, Runs } from './runs.ts';

/** What becomes of the output of a run: planned for delivery, and "sent" only when every peer confirmed every instance. */
export interface Outcome {
  /** Safe to do twice: a crash in between finds the same files and the same rows. */
  deliver(run: RunRow, flow: Flow): Promise<void>;
  /** No delivery of the run is waiting any more. */
  settled(runId: number): void;
  cancel(runId: number): void;
  /** Makes unconfirmed deliveries due again. @returns false when the run has none */
  resend(runId: number): boolean;
}

interface OutputFile {
  file: string;
  sopClassUid: string;
  sopInstanceUid: string;
  transferSyntaxUid: string;
}

interface Needs {
  db: Db;
  dataDirectory: string;
  runs: Runs;
  deliveries: Deliveries;
  log: LogHub;
}

export function createOutcome({ db, dataDirectory, runs, deliveries, log }: Needs): Outcome {
  const batch = db.prepare<[number], { calling_ae: string; host: string }>(
    'SELECT calling_ae, host FROM batches WHERE id = ?',
  );
  const instances = db.prepare<[number], OutputFile>(`
    SELECT i.path AS file, i.sop_class_uid AS sopClassUid, i.sop_instance_uid AS sopInstanceUid,
      i.transfer_syntax_uid AS transferSyntaxUid
    FROM batch_instances b JOIN instances i ON i.id = b.instance_id WHERE b.batch_id = ? ORDER BY i.id`);
  const keepOther = db.prepare<[number, string, number, string]>(
    'INSERT OR REPLACE INTO other_files (run_id, file, bytes, reason) VALUES (?, ?, ?, ?)',
  );
  const toData = (path: string) => relative(dataDirectory, path).split(sep).join('/');

  /** Output of the last model; without models the batch itself. */
  async function output(run: RunRow, flow: Flow): Promise<{ files: OutputFile[]; others: number }> {
    if (flow.models.length === 0) return { files: instances.all(run.batch_id), others: 0 };
    const directory = outputDirectory(dataDirectory, run.id, flow.models.length - 1);
    const found = await inspectOutput(directory);
    transaction(db, () => {
      for (const other of found.other) keepOther.run(run.id, other.file, other.bytes, other.reason);
    });
    const files = found.dicom.map(item => ({ ...item, file: toData(join(directory, item.file)) }));
    return { files, others: found.other.length };
  }

  /** Back to the sender first, then the destinations, in DicomFlow's order. */
  function destinations(run: RunRow, flow: Flow): Destination[] {
    const sender = batch.get(run.batch_id);
    const back = flow.returnToSenderOnPort.map(port => ({
      kind: 'dicom' as const,
      host: sender?.host ?? '',
      port,
      aeTitle: sender?.calling_ae ?? '',
    }));
    return [...back, ...flow.destinations];
  }

  function settled(runId: number): void {
    const run = runs.get(runId);
    if (run.state !== 'sending') return;
    const count = deliveries.counts([runId]).get(runId) ?? { total: 0, confirmed: 0, failed: 0 };
    if (count.confirmed === count.total) {
      log.info('flows', `run ${runId} is sent: ${count.total} deliveries confirmed`);
      runs.move(runId, 'sent');
    } else if (count.confirmed + count.failed === count.total) {
      const reason = deliveries.ofRun(runId).find(item => item.failed)?.problem?.title ?? 'see the deliveries';
      const unconfirmed = count.total - count.confirmed;
      runs.move(runId, 'failed', describe('DELIVERY_FAILED', { unconfirmed, total: count.total, reason }));
    }
  }

  return {
    settled,
    async deliver(run, flow) {
      try {
        const { files, others } = await output(run, flow);
        const targets = destinations(run, flow);
        // Cancelled while the output was looked at.
        if (hasEnded(runs.get(run.id).state)) return;
        if (targets.length === 0) return void runs.move(run.id, 'sent');
        if (targets.some(target => target.kind === 'dicom' && target.host === ''))
          return void runs.move(run.id, 'failed', describe('NO_SENDER', {}));
        if (files.length === 0)
          return void runs.move(run.id, 'failed', describe('NOTHING_TO_SEND', { otherFiles: others }));
        transaction(db, () => {
          deliveries.plan(run.id, targets, files);
          runs.move(run.id, 'sending');
        });
        deliveries.wake();
      } catch (error) {
        log.error('flows', `run ${run.id} output: ${error instanceof Error ? error.stack : String(error)}`);
        runs.move(run.id, 'failed', problemOf(error, `run-${run.id}`));
      }
    },
    cancel: runId => deliveries.cancel(runId),
    resend(runId) {
      const count = deliveries.counts([runId]).get(runId);
      if (!count || count.confirmed === count.total) return false;
      transaction(db, () => {
        runs.move(runId, 'sending');
        deliveries.retry(runId);
      });
      deliveries.wake();
      return true;
    },
  };
}
