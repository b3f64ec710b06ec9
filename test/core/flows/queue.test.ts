import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseFlow } from '../../../electron/core/flows/definition.ts';
import { createExecutor } from '../../../electron/core/flows/execute.ts';
import { failureGroups } from '../../../electron/core/flows/failures.ts';
import { createGpus } from '../../../electron/core/flows/gpus.ts';
import { createQueue } from '../../../electron/core/flows/queue.ts';
import { createReplay } from '../../../electron/core/flows/replay.ts';
import { createRuns } from '../../../electron/core/flows/runs.ts';
import type { StepKind, StepOrder } from '../../../electron/core/flows/steps/step.ts';
import { createLogHub } from '../../../electron/core/logs/index.ts';
import { type Db, openStore } from '../../../electron/core/store/index.ts';
import { createJournal } from '../../../electron/core/studies/index.ts';
import { AppError, describe as problem } from '../../../shared/problems.ts';
import { eventually } from '../../helpers/dcmtk.ts';

/** A step kind under the test's hand: it records its orders and ends when told to. */
function handStep() {
  const orders: StepOrder[] = [];
  const waiting = new Map<string, { resolve: () => void; reject: (error: unknown) => void }>();
  let away = false;
  const kind: StepKind = {
    kind: 'hand',
    preflight: () => (away ? problem('DOCKER_UNREACHABLE', { address: 'test', reason: 'away' }) : null),
    sweep: async () => {},
    async run(order) {
      orders.push(order);
      await mkdir(order.outputDirectory, { recursive: true });
      await writeFile(join(order.outputDirectory, `from-${order.position}.txt`), 'x');
      await new Promise<void>((resolve, reject) => {
        waiting.set(`${order.runId}/${order.position}`, { resolve, reject });
        if (order.signal.aborted) reject(order.signal.reason);
        order.signal.addEventListener('abort', () => reject(order.signal.reason));
      });
      return { exitCode: 0 };
    },
  };
  return {
    kind,
    orders,
    end: (runId: number, position = 0) => waiting.get(`${runId}/${position}`)?.resolve(),
    fail: (runId: number, error: unknown, position = 0) => waiting.get(`${runId}/${position}`)?.reject(error),
    away: (value: boolean) => {
      away = value;
    },
  };
}

describe('queue', () => {
  let directory: string;
  let db: Db;
  let step: ReturnType<typeof handStep>;
  let gpuIds: string[];
  let atOnce: number;
  const delivered: number[] = [];
  let room: ReturnType<typeof make>;

  const flowText = (more = '', models = 1) =>
    `name: F\n${more}\nmodels:\n${'  - { docker_kwargs: { image: busybox }, pull_before_exec: false }\n'.repeat(models)}`;

  function make() {
    const log = createLogHub();
    const journal = createJournal({ db });
    const runs = createRuns({ db, journal, changed: () => {} });
    const executor = createExecutor({
      db,
      dataDirectory: directory,
      runs,
      stepKind: step.kind,
      defaultSubdir: () => [],
      log,
      line: () => {},
    });
    const outcome = {
      deliver: async (run: { id: number }) => {
        delivered.push(run.id);
        runs.move(run.id, 'sent');
      },
      settled: () => {},
      cancel: () => {},
      resend: () => false,
    };
    const gpus = createGpus(() => gpuIds);
    const queue = createQueue({ db, runs, executor, outcome, gpus, stepKind: step.kind, atOnce: () => atOnce, log });
    return { runs, queue, gpus, journal };
  }

  const add = (text: string) => {
    const batch = db
      .prepare(
        "INSERT INTO batches (collect, key, state, calling_ae, called_ae, host, opened_at, last_at) VALUES ('association', '1', 'evaluated', 'A', 'B', 'h', 1, 1)",
      )
      .run();
    const { flow } = parseFlow(text, 'f.yml');
    if (!flow) throw new Error('the test flow is not valid');
    return room.runs.create({ batchId: Number(batch.lastInsertRowid), file: 'f.yml', text, flow });
  };
  const running = () => room.runs.withState('running').map(run => run.id);
  const inState = (id: number, state: string) =>
    eventually(() => room.runs.get(id).state === state, `run ${id} ${state}`, 5000);

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'gantry-queue-'));
    db = openStore(join(directory, 'store.sqlite'));
    step = handStep();
    gpuIds = [];
    atOnce = 1;
    delivered.length = 0;
    room = make();
  });
  afterEach(async () => {
    await room.queue.stop();
    db.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('starts by priority, then age, and never pre-empts', async () => {
    const first = add(flowText());
    room.queue.pump();
    const [low, high, higher] = [add(flowText()), add(flowText('priority: 2')), add(flowText('priority: 5'))];
    room.queue.pump();
    expect(running()).toEqual([first]);
    for (const [ended, next] of [
      [first, higher],
      [higher, high],
      [high, low],
    ] as const) {
      await eventually(() => step.orders.some(order => order.runId === ended), 'the order', 5000);
      step.end(ended);
      await inState(next, 'running');
    }
    expect(delivered).toEqual([first, higher, high]);
  });

  it('gives the output of one step to the next', async () => {
    const id = add(flowText('', 2));
    room.queue.pump();
    await eventually(() => step.orders.length === 1, 'step 1', 5000);
    step.end(id, 0);
    await eventually(() => step.orders.length === 2, 'step 2', 5000);
    expect(step.orders[1]?.input.map(file => file.name)).toEqual(['from-0.txt']);
    step.end(id, 1);
    await inState(id, 'sent');
  });

  it('gives each GPU to one run at a time and says why the next one waits', async () => {
    atOnce = 5;
    gpuIds = ['0', '2'];
    const gpuFlow = 'models:\n  - { docker_kwargs: { image: busybox }, gpu: true, pull_before_exec: false }\n';
    const [a, b, c] = [add(gpuFlow), add(gpuFlow), add(gpuFlow)];
    const plain = add(flowText());
    room.queue.pump();
    await eventually(() => step.orders.length === 3, 'three orders', 5000);
    expect(new Map(step.orders.map(order => [order.runId, order.gpu]))).toEqual(
      new Map([
        [a, '0'],
        [b, '2'],
        [plain, null],
      ]),
    );
    const waiting = JSON.parse(room.runs.get(c).waiting ?? '{}');
    expect(waiting).toMatchObject({ code: 'GPU_BUSY' });
    expect(waiting.title).toMatch(
      new RegExp(
        `^No GPU is free: GPU 0 is held by run ${a} since \\d\\d:\\d\\d, GPU 2 is held by run ${b} since \\d\\d:\\d\\d$`,
      ),
    );
    expect(room.queue.state().gpus).toMatchObject([
      { id: '0', runId: a },
      { id: '2', runId: b },
    ]);
    step.end(a);
    await inState(c, 'running');
    await eventually(() => step.orders.length === 4, 'the order of the third', 5000);
    expect(step.orders[3]?.gpu).toBe('0');
  });

  it('says that no GPU is configured', () => {
    const id = add('models:\n  - { docker_kwargs: { image: busybox }, gpu: true }\n');
    room.queue.pump();
    expect(room.runs.get(id)).toMatchObject({ state: 'pending', code: 0 });
    expect(JSON.parse(room.runs.get(id).waiting ?? '{}')).toMatchObject({ code: 'GPU_NOT_CONFIGURED' });
  });

  it('waits while the engine is away, lets runs without containers pass, and goes on', async () => {
    step.away(true);
    const id = add(flowText());
    const routing = add('name: R\nmodels: []\n');
    room.queue.pump();
    await inState(routing, 'sent');
    expect(JSON.parse(room.runs.get(id).waiting ?? '{}')).toMatchObject({ code: 'DOCKER_UNREACHABLE' });
    step.away(false);
    room.queue.pump();
    await inState(id, 'running');
    expect(room.runs.get(id).waiting).toBeNull();
  });

  it('goes back to waiting, not to failed, when the engine goes away under a step', async () => {
    const id = add(flowText());
    room.queue.pump();
    await eventually(() => step.orders.length === 1, 'the order', 5000);
    step.away(true);
    step.fail(id, new AppError('DOCKER_UNREACHABLE', { address: 'test', reason: 'gone' }));
    await inState(id, 'pending');
    expect(JSON.parse(room.runs.get(id).waiting ?? '{}')).toMatchObject({ code: 'DOCKER_UNREACHABLE' });
  });

  it('resumes an interrupted run at its step', async () => {
    const id = add(flowText('', 3));
    room.queue.pump();
    await eventually(() => step.orders.length === 1, 'step 1', 5000);
    step.end(id, 0);
    await eventually(() => step.orders.length === 2, 'step 2', 5000);
    await room.queue.stop();
    expect(room.runs.get(id)).toMatchObject({ state: 'running', first_step: 1 });

    step = handStep();
    room = make();
    expect(room.queue.isLive(room.runs.get(id).uid, 1)).toBe(true);
    expect(room.queue.isLive(room.runs.get(id).uid, 0)).toBe(false);
    room.queue.start();
    await eventually(() => step.orders.length === 1, 'step 2 again', 5000);
    expect(step.orders[0]).toMatchObject({ runId: id, position: 1 });
    step.end(id, 1);
    await eventually(() => step.orders.length === 2, 'step 3', 5000);
    step.end(id, 2);
    await inState(id, 'sent');
  });

  it('cancels a running and a pending run, and refuses what has ended', async () => {
    const [first, second] = [add(flowText()), add(flowText())];
    room.queue.pump();
    await eventually(() => step.orders.length === 1, 'the order', 5000);
    await room.queue.cancel(second);
    await room.queue.cancel(first);
    expect(room.runs.get(first)).toMatchObject({ state: 'cancelled', code: 400 });
    expect(room.runs.get(second)).toMatchObject({ state: 'cancelled', code: 400 });
    await expect(room.queue.cancel(first)).rejects.toMatchObject({ code: 'RUN_ENDED' });
    await expect(room.queue.cancel(999)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });

  it('retries from the start, from a step, and not from one whose input is missing', async () => {
    const id = add(flowText('', 2));
    room.queue.pump();
    await eventually(() => step.orders.length === 1, 'step 1', 5000);
    await expect(room.queue.retry(id, 0)).rejects.toMatchObject({ code: 'RUN_ACTIVE' });
    step.end(id, 0);
    await eventually(() => step.orders.length === 2, 'step 2', 5000);
    step.fail(id, new AppError('STEP_FAILED', { step: 'model 2', exitCode: 9, lastLines: [] }), 1);
    await inState(id, 'failed');
    await expect(room.queue.retry(id, 2)).rejects.toMatchObject({ code: 'RUN_INPUT_GONE' });
    await expect(room.queue.retry(id, 7)).rejects.toMatchObject({ code: 'STEP_NOT_FOUND' });
    await room.queue.retry(id, 1);
    await eventually(() => step.orders.length === 3, 'step 2 again', 5000);
    expect(step.orders[2]).toMatchObject({ position: 1 });
    step.fail(id, new AppError('STEP_FAILED', { step: 'model 2', exitCode: 9, lastLines: [] }), 1);
    await inState(id, 'failed');
    await room.queue.retry(id, 0);
    await eventually(() => step.orders.length === 4, 'step 1 again', 5000);
    expect(step.orders[3]).toMatchObject({ position: 0 });
    expect(room.runs.get(id).attempt).toBe(3);
  });

  it('starts nothing while it is paused, over a restart as well, and says so', async () => {
    const first = add(flowText());
    room.queue.pump();
    await eventually(() => step.orders.length === 1, 'the order', 5000);
    room.queue.pause();
    const second = add(flowText());
    step.end(first);
    await inState(first, 'sent');
    await room.queue.stop();
    room = make();
    room.queue.start();
    expect(room.queue.state()).toMatchObject({ pausedAt: expect.any(Number), pending: 1, running: 0 });
    expect(JSON.parse(room.runs.get(second).waiting ?? '{}')).toMatchObject({ code: 'QUEUE_PAUSED' });
    room.queue.resume();
    await inState(second, 'running');
    expect(room.queue.state().pausedAt).toBeNull();
    expect(room.runs.get(second).waiting).toBeNull();
  });

  it('takes a priority by hand for a run that waits, and for no other', async () => {
    const first = add(flowText());
    room.queue.pump();
    const [second, third] = [add(flowText()), add(flowText())];
    room.queue.prioritise(third, 5);
    expect(() => room.queue.prioritise(first, 5)).toThrow(expect.objectContaining({ code: 'RUN_STARTED' }));
    await eventually(() => step.orders.length === 1, 'the order', 5000);
    step.end(first);
    await inState(third, 'running');
    expect(room.runs.get(second).state).toBe('pending');
  });

  it('says that the study was deleted, and does not run on nothing', async () => {
    const id = add(flowText());
    db.prepare('UPDATE batches SET instance_count = 3').run();
    room.queue.pump();
    await inState(id, 'failed');
    expect(JSON.parse(room.runs.get(id).problem ?? '{}')).toMatchObject({ code: 'RUN_INPUT_GONE' });
    expect(step.orders).toEqual([]);
  });

  it('puts failed runs together by cause, and runs them again from where they failed', async () => {
    atOnce = 3;
    const [a, b, c] = [add(flowText('', 2)), add(flowText('', 2)), add(flowText())];
    room.queue.pump();
    await eventually(() => step.orders.length === 3, 'three orders', 5000);
    for (const id of [a, b]) step.end(id, 0);
    await eventually(() => step.orders.length === 5, 'the second steps', 5000);
    for (const id of [a, b]) step.fail(id, new AppError('STEP_FAILED', { step: 'seg', exitCode: 9, lastLines: [] }), 1);
    step.fail(c, new AppError('IMAGE_MISSING', { image: 'x' }));
    for (const id of [a, b, c]) await inState(id, 'failed');
    const groups = failureGroups(db);
    expect(groups.map(({ problem: { code }, count, runIds }) => ({ code, count, runIds }))).toEqual([
      { code: 'STEP_FAILED', count: 2, runIds: [b, a] },
      { code: 'IMAGE_MISSING', count: 1, runIds: [c] },
    ]);
    const replay = createReplay({ runs: room.runs, queue: room.queue });
    const answer = await replay([a, b, 999]);
    expect(answer).toMatchObject({ replayed: [a, b], refused: [{ id: 999, problem: { code: 'RUN_NOT_FOUND' } }] });
    await eventually(() => step.orders.length === 7, 'the second steps again', 5000);
    expect(step.orders.slice(5).map(order => order.position)).toEqual([1, 1]);
  });
});
