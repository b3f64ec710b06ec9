import { join } from 'node:path';
import type { Verdict } from '../../../shared/schemas/batches.ts';
import type { Flow } from '../../../shared/schemas/flows.ts';
import { type Header, readHeader } from '../dicom/index.ts';
import type { LogHub } from '../logs/index.ts';
import { type Db, transaction } from '../store/index.ts';
import type { Journal } from '../studies/index.ts';
import { explainFlow } from './explain.ts';
import type { FlowFiles } from './flow-files.ts';
import type { Runs } from './runs.ts';

/** Gives every closed batch its verdicts, and one run to each flow that matched. */
export interface Evaluator {
  /** Looks for closed batches; calls while it works are folded into one more look. */
  wake(): void;
  /** Waits for the batch at hand; those left are evaluated at the next start. */
  stop(): Promise<void>;
}

interface BatchRow {
  id: number;
  collect: Flow['collect'];
  quiet_ms: number;
  instance_count: number;
  complete: number;
}

interface Needs {
  db: Db;
  dataDirectory: string;
  flowFiles: Pick<FlowFiles, 'list'>;
  runs: Runs;
  journal: Pick<Journal, 'write'>;
  log: LogHub;
  created: () => void;
}

export function createEvaluator({ db, dataDirectory, flowFiles, runs, journal, log, created }: Needs): Evaluator {
  const next = db.prepare<[], BatchRow>(
    "SELECT id, collect, quiet_ms, instance_count, complete FROM batches WHERE state = 'closed' ORDER BY last_at, id LIMIT 1",
  );
  const instances = db.prepare<[number], { sop_instance_uid: string; path: string }>(`
    SELECT i.sop_instance_uid, i.path FROM batch_instances b JOIN instances i ON i.id = b.instance_id
    WHERE b.batch_id = ? ORDER BY i.id`);
  const studies = db.prepare<[number], { study_instance_uid: string; instance_count: number; bytes: number }>(
    'SELECT study_instance_uid, instance_count, bytes FROM batch_studies WHERE batch_id = ?',
  );
  const store = db.prepare(`
    INSERT INTO verdicts (batch_id, flow_file, flow_name, flow_version, matched, reasons, at)
    VALUES (@batchId, @flowFile, @flowName, @flowVersion, @matched, @reasons, @at)`);
  const evaluated = db.prepare<[number, number]>(
    "UPDATE batches SET state = 'evaluated', evaluated_at = ? WHERE id = ? AND state = 'closed'",
  );

  async function headersOf(batchId: number): Promise<{ sopInstanceUid: string; values: Header['values'] }[]> {
    const headers: { sopInstanceUid: string; values: Header['values'] }[] = [];
    for (const row of instances.all(batchId)) {
      try {
        const header = await readHeader(join(dataDirectory, row.path));
        headers.push({ sopInstanceUid: row.sop_instance_uid, values: keyword => header.values(keyword) });
      } catch (error) {
        log.warn(
          'flows',
          `header of ${row.sop_instance_uid} cannot be read: ${error instanceof Error ? error.message : error}`,
        );
        headers.push({ sopInstanceUid: row.sop_instance_uid, values: () => undefined });
      }
    }
    return headers;
  }

  const concerns = (flow: Flow, batch: BatchRow) =>
    flow.enabled &&
    flow.collect === batch.collect &&
    (flow.collect === 'association' || flow.quietMs === batch.quiet_ms);

  async function evaluate(batch: BatchRow): Promise<void> {
    const flows = flowFiles
      .list()
      .flatMap(({ file, text, flow }) => (flow && concerns(flow, batch) ? [{ file, text, flow }] : []));
    const headers = flows.length > 0 ? await headersOf(batch.id) : [];
    const verdicts: { file: string; text: string; flow: Flow; verdict: Verdict }[] = [];
    for (const { file, text, flow } of flows)
      verdicts.push({ file, text, flow, verdict: await explainFlow(flow, file, headers) });

    transaction(db, () => {
      if (evaluated.run(Date.now(), batch.id).changes === 0) return;
      for (const { file, text, flow, verdict } of verdicts) {
        const { flowFile, flowName, flowVersion, at } = verdict;
        const reasons = JSON.stringify({ text: verdict.text, triggers: verdict.triggers });
        store.run({
          batchId: batch.id,
          flowFile,
          flowName,
          flowVersion,
          matched: verdict.matched ? 1 : 0,
          reasons,
          at,
        });
        const runId = verdict.matched ? runs.create({ batchId: batch.id, file, text, flow }) : null;
        for (const study of studies.all(batch.id)) {
          const data = { batchId: batch.id, flow: flowName || file, instances: study.instance_count, runId };
          journal.write(study.study_instance_uid, verdict.matched ? 'matched' : 'not-matched', data);
        }
      }
    });
    const matched = verdicts.filter(item => item.verdict.matched).map(item => item.file);
    const fired = matched.length > 0 ? `fires ${matched.join(', ')}` : `fires none of ${verdicts.length} flows`;
    log.info(
      'flows',
      `batch ${batch.id} (${batch.instance_count} instances, ${batch.complete ? 'complete' : 'incomplete'}) ${fired}`,
    );
    if (matched.length > 0) created();
  }

  let again = false;
  let stopping = false;
  let working: Promise<void> | null = null;
  async function work(): Promise<void> {
    do {
      again = false;
      for (let batch = next.get(); batch && !stopping; batch = next.get()) await evaluate(batch);
    } while (again && !stopping);
  }
  return {
    wake() {
      again = true;
      if (working || stopping) return;
      working = work()
        .catch(error => log.error('flows', `evaluation: ${error instanceof Error ? error.stack : String(error)}`))
        .finally(() => (working = null));
    },
    async stop() {
      stopping = true;
      await working;
    },
  };
}
