import { AppError, describe, problemOf } from '../../../shared/problems.ts';
import type { Flow } from '../../../shared/schemas/flows.ts';
import type { QueueState } from '../../../shared/schemas/queue.ts';
import { hasEnded } from '../../../shared/states/run-state.ts';
import { Cancelled, Shutdown } from '../lib/shutdown.ts';
import type { LogHub } from '../logs/index.ts';
import type { Db } from '../store/index.ts';
import { parseFlow } from './definition.ts';
import type { Executor } from './execute.ts';
import type { Gpus } from './gpus.ts';
import type { Outcome } from './outcome.ts';
import type { RunRow, Runs } from './runs.ts';
import type { StepKind } from './steps/step.ts';

/**
 * Durable queue of runs: the rows are the queue, this only starts what may start.
 * Order is priority, then age; a run that has to wait (engine away, no free GPU) lets the next one pass.
 */
export interface Queue {
  start(): void;
  /** Lets go of the running steps; their containers go on and are adopted at the next start. */
  stop(): Promise<void>;
  /** Something changed: look again. */
  pump(): void;
  /** Starts no run until `resume`; what runs goes on. It stays so over a restart. */
  pause(): void;
  resume(): void;
  state(): QueueState;
  /** @throws RUN_NOT_FOUND, RUN_STARTED */
  prioritise(id: number, priority: number): void;
  cancel(id: number): Promise<void>;
  /** @param fromStep position of the first step to run again, or only the deliveries */
  retry(id: number, fromStep: number | 'deliveries'): Promise<void>;
  isLive(runUid: string, position: number): boolean;
}

interface Needs {
  db: Db;
  runs: Runs;
  executor: Executor;
  outcome: Outcome;
  gpus: Gpus;
  stepKind: StepKind;
  atOnce: () => number;
  log: LogHub;
}

/** After the engine went away under a run the next try waits this long, should the engine's state lag behind. */
const laterMs = 2000;
const pausedKey = 'queue.paused';

export function createQueue({ db, runs, executor, outcome, gpus, stepKind, atOnce, log }: Needs): Queue {
  const active = new Map<number, { controller: AbortController; ended: Promise<void> }>();
  const notBefore = new Map<number, number>();
  let timer: NodeJS.Timeout | undefined;
  let stopping = false;
  const fact = db.prepare<[string], { value: string }>('SELECT value FROM facts WHERE key = ?');
  const keepFact = db.prepare<[string, string]>('INSERT OR REPLACE INTO facts (key, value) VALUES (?, ?)');
  const dropFact = db.prepare<[string]>('DELETE FROM facts WHERE key = ?');
  const kept = fact.get(pausedKey)?.value;
  let pausedAt = kept ? Number(kept) : null;

  /** @returns why the run has to wait, or the GPU it may use */
  function admit(run: RunRow, flow: Flow): { gpu: string | null } | null {
    if ((notBefore.get(run.id) ?? 0) > Date.now()) return null;
    const remaining = flow.models.slice(run.first_step);
    const needsGpu = remaining.some(model => model.gpu);
    for (const model of remaining) {
      const problem = stepKind.preflight(model);
      if (problem) {
        runs.waits(run.id, problem);
        return null;
      }
    }
    if (!needsGpu) return { gpu: null };
    const taken = gpus.take(run.id);
    if ('gpu' in taken) return taken;
    runs.waits(run.id, taken.problem);
    return null;
  }

  function begin(run: RunRow, flow: Flow, gpu: string | null): void {
    const controller = new AbortController();
    const ended = work(run, flow, gpu, controller.signal).catch(error => {
      log.error('flows', `run ${run.id}: ${error instanceof Error ? error.stack : String(error)}`);
      if (!hasEnded(runs.get(run.id).state)) runs.move(run.id, 'failed', problemOf(error, `run-${run.id}`));
    });
    active.set(run.id, { controller, ended });
    void ended.finally(() => {
      active.delete(run.id);
      gpus.release(run.id);
      pump();
    });
  }

  async function work(run: RunRow, flow: Flow, gpu: string | null, signal: AbortSignal): Promise<void> {
    const started = runs.move(run.id, 'running');
    log.info('flows', `run ${run.id} of ${run.flow_file} runs, attempt ${run.attempt}`);
    const end = await executor.steps(started, flow, gpu, signal);
    if (end === 'later') notBefore.set(run.id, Date.now() + laterMs);
    if (end !== 'done') return;
    await outcome.deliver(runs.move(run.id, 'finished'), flow);
  }

  function pump(): void {
    if (stopping) return;
    if (pausedAt !== null) {
      for (const run of runs.pending()) runs.waits(run.id, describe('QUEUE_PAUSED', { since: pausedAt }));
      return;
    }
    for (const run of runs.pending()) {
      if (active.size >= atOnce()) break;
      if (active.has(run.id)) continue;
      const { flow, problems } = parseFlow(run.flow_text, run.flow_file);
      if (!flow) {
        const first = problems[0];
        const what = { what: first?.what ?? 'not a flow', remedy: first?.remedy ?? 'Correct the file.' };
        runs.move(
          run.id,
          'failed',
          describe('FLOW_INVALID', { file: run.flow_file, line: first?.line, column: first?.column, ...what }),
        );
        continue;
      }
      const admitted = admit(run, flow);
      if (admitted) begin(run, flow, admitted.gpu);
    }
  }

  const models = (run: RunRow) => parseFlow(run.flow_text, run.flow_file).flow?.models.length ?? 0;

  return {
    pump,
    start() {
      for (const run of runs.withState('running')) {
        log.warn('flows', `run ${run.id} was interrupted at step ${run.first_step + 1} and goes on`);
        runs.move(run.id, 'pending');
      }
      for (const run of runs.withState('finished')) {
        const { flow } = parseFlow(run.flow_text, run.flow_file);
        if (flow) void outcome.deliver(run, flow);
      }
      for (const run of runs.withState('sending')) outcome.settled(run.id);
      timer = setInterval(pump, laterMs / 2);
      pump();
    },
    async stop() {
      stopping = true;
      clearInterval(timer);
      const ends = [...active.values()].map(({ controller, ended }) => {
        controller.abort(new Shutdown('Gantry stops'));
        return ended;
      });
      await Promise.all(ends);
    },
    isLive: (runUid, position) =>
      [...runs.withState('running'), ...runs.withState('pending')].some(
        run => run.uid === runUid && run.first_step === position,
      ),
    pause() {
      if (pausedAt !== null) return;
      pausedAt = Date.now();
      keepFact.run(pausedKey, String(pausedAt));
      log.info('flows', 'the queue is paused');
      pump();
    },
    resume() {
      if (pausedAt === null) return;
      pausedAt = null;
      dropFact.run(pausedKey);
      log.info('flows', 'the queue goes on');
      for (const run of runs.pending()) runs.waits(run.id, null);
      pump();
    },
    state: () => ({
      pausedAt,
      pending: runs.count('pending'),
      running: active.size,
      atOnce: atOnce(),
      gpus: gpus.list(),
    }),
    prioritise(id, priority) {
      const run = runs.get(id);
      if (run.state !== 'pending') throw new AppError('RUN_STARTED', { id, state: run.state });
      runs.prioritise(id, priority);
      pump();
    },
    async cancel(id) {
      const run = runs.get(id);
      if (hasEnded(run.state)) throw new AppError('RUN_ENDED', { id, state: run.state });
      const running = active.get(id);
      if (running) {
        running.controller.abort(new Cancelled('cancelled by the user'));
        await running.ended;
        if (hasEnded(runs.get(id).state)) return;
      }
      outcome.cancel(id);
      runs.move(id, 'cancelled');
    },
    async retry(id, fromStep) {
      const run = runs.get(id);
      if (!hasEnded(run.state)) throw new AppError('RUN_ACTIVE', { id, state: run.state });
      const count = models(run);
      if (fromStep === 'deliveries') {
        if (run.state !== 'sent' && outcome.resend(id)) return;
        if (run.first_step < count) throw new AppError('RUN_INPUT_GONE', { id, what: 'no output is ready to be sent' });
      }
      const first = fromStep === 'deliveries' ? count : fromStep;
      if (first > count) throw new AppError('STEP_NOT_FOUND', { id, step: first });
      if (first > run.first_step) {
        throw new AppError('RUN_INPUT_GONE', { id, what: `step ${first} has not succeeded yet` });
      }
      if (run.files_removed_at !== null && first > 0) {
        throw new AppError('RUN_INPUT_GONE', { id, what: 'retention removed its files' });
      }
      await executor.forget(id, first, count);
      runs.restart(id, first);
      pump();
    },
  };
}
