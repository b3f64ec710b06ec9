import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, problemOf } from '../../../shared/problems.ts';
import type { Flow, Model } from '../../../shared/schemas/flows.ts';
import type { LogLine } from '../../../shared/schemas/runs.ts';
import { Cancelled, Shutdown } from '../lib/shutdown.ts';
import type { LogHub } from '../logs/index.ts';
import type { Db } from '../store/index.ts';
import type { RunRow, Runs } from './runs.ts';
import { inputOfBatch, inputOfFolder } from './step-input.ts';
import { openStepLog } from './step-log.ts';
import type { StepInput, StepKind } from './steps/step.ts';

/** Where the files of a run are: `logs/N.ndjson` and `steps/N/` with the output of step N. */
export const runDirectory = (dataDirectory: string, runId: number) => join(dataDirectory, 'runs', String(runId));
export const outputDirectory = (dataDirectory: string, runId: number, position: number) =>
  join(runDirectory(dataDirectory, runId), 'steps', String(position));

interface Needs {
  db: Db;
  dataDirectory: string;
  runs: Runs;
  stepKind: StepKind;
  defaultSubdir: () => readonly string[];
  log: LogHub;
  line: (runId: number, line: LogLine) => void;
}

export interface Executor {
  /**
   * Runs the steps from the run's first one that has no output yet.
   *
   * @returns `done` when all outputs are there; `later` when the engine went away and the run waits again;
   *   `left` at a shutdown, with the container still running; `ended` when the run failed or was cancelled
   */
  steps(run: RunRow, flow: Flow, gpu: string | null, signal: AbortSignal): Promise<'done' | 'later' | 'left' | 'ended'>;
  /** What a step got, or left. @throws RUN_INPUT_GONE, STEP_NOT_FOUND */
  files(run: RunRow, flow: Flow, position: number, of: 'input' | 'output'): Promise<StepInput[]>;
  /** Removes the outputs from a step on. */
  forget(runId: number, firstStep: number, models: number): Promise<void>;
}

/** Walks one run through the models of its flow: the output of one is the input of the next. */
export function createExecutor({ db, dataDirectory, runs, stepKind, defaultSubdir, log, line }: Needs): Executor {
  const received = db.prepare<[number], { n: number }>('SELECT instance_count AS n FROM batches WHERE id = ?');

  async function inputOf(run: RunRow, flow: Flow, position: number): Promise<StepInput[]> {
    if (position === 0) {
      const subdir = flow.tarSubdir.length > 0 ? flow.tarSubdir : defaultSubdir();
      const files = await inputOfBatch(db, dataDirectory, run.batch_id, subdir).catch(cause => {
        throw new AppError('RUN_INPUT_GONE', { id: run.id, what: 'its files were removed' }, { cause });
      });
      if (files.length === 0 && (received.get(run.batch_id)?.n ?? 0) > 0)
        throw new AppError('RUN_INPUT_GONE', { id: run.id, what: 'its study was deleted' });
      return files;
    }
    const previous = outputDirectory(dataDirectory, run.id, position - 1);
    const there = await stat(previous).catch(() => null);
    if (!there)
      throw new AppError('RUN_INPUT_GONE', { id: run.id, what: `the output of step ${position} was removed` });
    return inputOfFolder(previous);
  }

  async function step(
    run: RunRow,
    flow: Flow,
    model: Model,
    position: number,
    gpu: string | null,
    signal: AbortSignal,
  ) {
    runs.beginStep(run, { position, name: model.name, kind: stepKind.kind, image: model.container.Image, gpu });
    const stepLog = openStepLog(runDirectory(dataDirectory, run.id), position, item => line(run.id, item));
    try {
      return await stepKind.run({
        runId: run.id,
        runUid: run.uid,
        position,
        model,
        input: await inputOf(run, flow, position),
        outputDirectory: outputDirectory(dataDirectory, run.id, position),
        staticDirectory: join(dataDirectory, 'static'),
        gpu,
        signal,
        line: stepLog.write,
        started: containerId => runs.stepContainer(run.id, position, containerId),
      });
    } finally {
      await stepLog.close();
    }
  }

  function afterFailure(
    run: RunRow,
    position: number,
    error: unknown,
    signal: AbortSignal,
  ): 'later' | 'left' | 'ended' {
    if (signal.aborted && signal.reason instanceof Shutdown) return 'left';
    if (signal.aborted && signal.reason instanceof Cancelled) {
      runs.endStep(run.id, position, { state: 'cancelled', exitCode: null, problem: null });
      runs.move(run.id, 'cancelled');
      return 'ended';
    }
    const problem = problemOf(error, `run-${run.id}`);
    if (problem.code === 'DOCKER_UNREACHABLE') {
      runs.move(run.id, 'pending');
      runs.waits(run.id, problem);
      return 'later';
    }
    if (problem.code === 'DEFECT') log.error('flows', `run ${run.id} step ${position + 1}: ${stackOf(error)}`);
    const exitCode = error instanceof AppError && error.code === 'STEP_FAILED' ? Number(problem.params.exitCode) : null;
    runs.endStep(run.id, position, { state: 'failed', exitCode, problem });
    runs.move(run.id, 'failed', problem);
    return 'ended';
  }

  return {
    async steps(run, flow, gpu, signal) {
      for (let position = run.first_step; position < flow.models.length; position++) {
        const model = flow.models[position] as Model;
        try {
          signal.throwIfAborted();
          const { exitCode } = await step(run, flow, model, position, model.gpu ? gpu : null, signal);
          runs.endStep(run.id, position, { state: 'succeeded', exitCode, problem: null });
          runs.resumeFrom(run.id, position + 1);
        } catch (error) {
          return afterFailure(run, position, error, signal);
        }
      }
      return 'done';
    },
    async files(run, flow, position, of) {
      if (position >= flow.models.length) throw new AppError('STEP_NOT_FOUND', { id: run.id, step: position });
      return inputOf(run, flow, of === 'input' ? position : position + 1);
    },
    async forget(runId, firstStep, models) {
      for (let position = firstStep; position < models; position++) {
        await rm(outputDirectory(dataDirectory, runId, position), { recursive: true, force: true });
        await rm(join(runDirectory(dataDirectory, runId), 'logs', `${position}.ndjson`), { force: true });
      }
    },
  };
}

const stackOf = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error));
