import { join } from 'node:path';
import { AppError } from '../../../shared/problems.ts';
import type { FailureGroup, FlowStatistics } from '../../../shared/schemas/queue.ts';
import type { LogLine, StepFiles } from '../../../shared/schemas/runs.ts';
import type { Peers, Sender } from '../dicom/index.ts';
import type { QuietCollect } from '../inbox/index.ts';
import { createAnnouncer } from '../lib/announcer.ts';
import type { ZipTicket, ZipTickets } from '../lib/zip-tickets.ts';
import type { LogHub } from '../logs/index.ts';
import type { Settings } from '../settings/index.ts';
import type { Db } from '../store/index.ts';
import type { Journal } from '../studies/index.ts';
import { createBackTest } from './back-test.ts';
import { type BatchesView, createBatchesView } from './batches-view.ts';
import { createByHand } from './by-hand.ts';
import { parseFlow } from './definition.ts';
import { createDeliveries, type Deliveries } from './delivery/index.ts';
import { createEvaluator } from './evaluate.ts';
import { createExecutor } from './execute.ts';
import { failureGroups } from './failures.ts';
import { createFlowFiles, type FlowFiles } from './flow-files.ts';
import { createFlowVersions, type FlowVersions } from './flow-versions.ts';
import { createGpus, type Gpus } from './gpus.ts';
import { createOutcome } from './outcome.ts';
import { createQueue, type Queue } from './queue.ts';
import { createReplay, type Replay } from './replay.ts';
import { createRuns } from './runs.ts';
import { createRunsView, type RunsView } from './runs-view.ts';
import { flowStatistics } from './statistics.ts';
import { createStepOutput } from './step-output.ts';
import type { StepKind } from './steps/step.ts';
import { createTestRun } from './test-run.ts';
import { createWhatIf } from './what-if.ts';

/** The flows room, put together. */
export interface Flows {
  files: FlowFiles;
  versions: FlowVersions;
  runs: RunsView;
  batches: BatchesView;
  queue: Pick<Queue, 'cancel' | 'retry' | 'pump' | 'pause' | 'resume' | 'state' | 'prioritise'>;
  startByHand: ReturnType<typeof createByHand>;
  /** The input or output of a step as a ZIP to fetch. @throws RUN_NOT_FOUND, STEP_NOT_FOUND, RUN_INPUT_GONE */
  stepFiles(order: StepFiles): Promise<ZipTicket>;
  failures(): FailureGroup[];
  replay: Replay;
  statistics(days: number): FlowStatistics[];
  deliveries: Pick<Deliveries, 'breakers' | 'tryNow'>;
  gpus: Pick<Gpus, 'list'>;
  explain: ReturnType<typeof createWhatIf>;
  backTest: ReturnType<typeof createBackTest>;
  testRun: ReturnType<typeof createTestRun>;
  /** How the enabled flows collect, besides by association. */
  quietCollects(): QuietCollect[];
  /** Batches have closed. */
  batchesClosed(): void;
  runChanges(signal: AbortSignal | undefined): AsyncGenerator<number>;
  /** The engine came or went: what it holds of ours is looked through, then what may start is started. */
  engineChanged(): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface Needs {
  db: Db;
  dataDirectory: string;
  settings: Settings;
  journal: Journal;
  sender: Sender;
  peers: Peers;
  stepKind: StepKind;
  zips: Pick<ZipTickets, 'offer'>;
  log: LogHub;
}

export function createFlows({
  db,
  dataDirectory,
  settings,
  journal,
  sender,
  peers,
  stepKind,
  zips,
  log,
}: Needs): Flows {
  const changes = createAnnouncer<number>();
  const changed = (runId: number) => changes.tell(runId);
  const directory = join(dataDirectory, 'flows');
  const files = createFlowFiles({ directory, log });
  const versions = createFlowVersions({ directory, files, db, log });
  const runs = createRuns({ db, journal, changed });
  const gpus = createGpus(() => settings.get('GPUS'));
  const stepOutput = createStepOutput({ db, log });
  const line = (runId: number, item: LogLine) => {
    stepOutput(runId, item);
    changed(runId);
  };
  const defaultSubdir = () => settings.get('TAR_SUBDIR');
  const executor = createExecutor({ db, dataDirectory, runs, stepKind, defaultSubdir, log, line });
  const deliveries: Deliveries = createDeliveries({
    db,
    dataDirectory,
    settings,
    sender,
    peers,
    log,
    changed,
    settled: runId => outcome.settled(runId),
  });
  const outcome = createOutcome({ db, dataDirectory, runs, deliveries, log });
  const queue = createQueue({
    db,
    runs,
    executor,
    outcome,
    gpus,
    stepKind,
    atOnce: () => settings.get('RUNS_AT_ONCE'),
    log,
  });
  const evaluator = createEvaluator({ db, dataDirectory, flowFiles: files, runs, journal, log, created: queue.pump });

  // Asked for every group of landed instances: kept until a flow file changes.
  let quiet: QuietCollect[] | null = null;
  files.onChange(() => {
    quiet = null;
  });
  const quietCollects = () => {
    quiet ??= collectsOf(files);
    return quiet;
  };

  const sweep = () =>
    stepKind
      .sweep(queue.isLive)
      .catch(error => log.warn('flows', `sweep: ${error instanceof Error ? error.message : error}`));

  return {
    files,
    versions,
    runs: createRunsView({ db, dataDirectory, runs, deliveries }),
    batches: createBatchesView({ db }),
    queue,
    startByHand: createByHand({ db, settings, flowFiles: files, peers, runs, journal, created: queue.pump }),
    async stepFiles({ id, step, of }) {
      const run = runs.get(id);
      const { flow } = parseFlow(run.flow_text, run.flow_file);
      if (!flow) throw new AppError('STEP_NOT_FOUND', { id, step });
      const found = await executor.files(run, flow, step, of);
      return zips.offer({ files: found.map(({ file, name, bytes }) => ({ path: file, name, bytes })) });
    },
    failures: () => failureGroups(db),
    replay: createReplay({ runs, queue }),
    statistics: days => flowStatistics(db, days),
    deliveries,
    gpus,
    explain: createWhatIf({ db, dataDirectory }),
    backTest: createBackTest({ db, dataDirectory, files }),
    testRun: createTestRun({ db, runs, created: queue.pump }),
    quietCollects,
    batchesClosed: evaluator.wake,
    runChanges: signal => changes.stream(signal, 10_000),
    engineChanged() {
      sweep().finally(queue.pump);
    },
    async start() {
      await files.start();
      await sweep();
      deliveries.start();
      queue.start();
      evaluator.wake();
    },
    async stop() {
      await evaluator.stop();
      await queue.stop();
      await deliveries.stop();
      await files.stop();
    },
  };
}

function collectsOf(files: FlowFiles): QuietCollect[] {
  const asked = new Map<string, QuietCollect>();
  for (const { flow } of files.list()) {
    if (!flow?.enabled || flow.collect === 'association') continue;
    asked.set(`${flow.collect} ${flow.quietMs}`, { collect: flow.collect, quietMs: flow.quietMs });
  }
  return [...asked.values()];
}
