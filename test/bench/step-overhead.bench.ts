/**
 * What a step costs over its container: a whole container step (image looked up, input put in, log followed, output taken
 * out, removed) beside a raw create, start, wait, remove of the same container, in turns. Goal: 150 ms + 15 %.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngine } from '../../electron/core/docker/index.ts';
import { parseFlow } from '../../electron/core/flows/definition.ts';
import { createContainerStep } from '../../electron/core/flows/steps/index.ts';
import { createLogHub } from '../../electron/core/logs/index.ts';
import { call } from '../testbed/images.mjs';

const rounds = Number(process.argv[2] ?? 15);
const socket = process.env.DOCKER_HOST?.replace('unix://', '') || '/var/run/docker.sock';
const directory = mkdtempSync(join(tmpdir(), 'gantry-bench-'));
const log = createLogHub();
const engine = createEngine({ address: '', installationId: `bench-${process.pid}`, log });
await engine.start();
const settings = { get: (key: string) => ({ STEP_PIDS: 4096, STEP_MEMORY_BYTES: 0, STEP_CPUS: 0 })[key] as never };
const step = createContainerStep({ engine, settings, log });

const { flow } = parseFlow(
  'models: [{ docker_kwargs: { image: busybox, command: "cp -r /input/. /output/" }, pull_before_exec: false }]',
  'bench.yml',
);
const [model] = flow?.models ?? [];
if (!model) throw new Error('the flow of the bench is not valid');
const files = Array.from({ length: 20 }, (_, index) => {
  const file = join(directory, `${index}.dcm`);
  writeFileSync(file, Buffer.alloc(512 * 1024, index));
  return { name: `${index}.dcm`, file, bytes: 512 * 1024 };
});

const api = async (method: string, path: string, body?: unknown) => {
  const answer = await call(
    socket,
    method,
    path,
    body === undefined ? undefined : JSON.stringify(body),
    'application/json',
  );
  if ((answer.status ?? 500) >= 400) throw new Error(`${method} ${path}: ${answer.text}`);
  return answer.text === '' ? {} : JSON.parse(answer.text);
};
async function raw(): Promise<void> {
  const { Id } = await api('POST', '/containers/create', {
    Image: 'busybox',
    Cmd: ['true'],
    HostConfig: { NetworkMode: 'none' },
  });
  await api('POST', `/containers/${Id}/start`);
  await api('POST', `/containers/${Id}/wait`);
  await api('DELETE', `/containers/${Id}?v=1`);
}
async function whole(round: number, input: typeof files): Promise<void> {
  await step.run({
    runId: round,
    runUid: `bench-${process.pid}-${round}-${input.length}`,
    position: 0,
    model: model as NonNullable<typeof model>,
    input,
    outputDirectory: join(directory, `out-${round}-${input.length}`),
    staticDirectory: directory,
    gpu: null,
    signal: new AbortController().signal,
    line: () => {},
    started: () => {},
  });
}
const timed = async (work: () => Promise<void>) => {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
};

const times: Record<string, number[]> = { raw: [], 'step, 1 file': [], 'step, 20 files of 0.5 MB': [] };
mkdirSync(directory, { recursive: true });
for (let round = 0; round < rounds; round++) {
  times.raw?.push(await timed(raw));
  times['step, 1 file']?.push(await timed(() => whole(round, files.slice(0, 1))));
  times['step, 20 files of 0.5 MB']?.push(await timed(() => whole(round, files)));
}
const median = (list: number[]) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)] as number;
const base = median(times.raw ?? []);
console.log(
  `\nContainer steps, ${rounds} rounds in turns, milliseconds; goal: at most ${(150 + base * 1.15).toFixed(0)}`,
);
for (const [what, list] of Object.entries(times)) {
  console.log(
    `${what.padEnd(28)} median ${median(list).toFixed(0).padStart(5)}   over raw ${(median(list) - base).toFixed(0).padStart(5)}`,
  );
}
await engine.stop();
rmSync(directory, { recursive: true, force: true });
