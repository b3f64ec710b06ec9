/**
 * What a step costs over its container: a whole container step (input put in, log followed, output taken out, removed)
 * beside a raw create, start, wait, remove of the same container, in turns; with files beside the same and a ready tar
 * put in and taken out, neither read from nor written to a disk of ours. Goal: 150 ms + 15 %.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngine, packTar } from '../../electron/core/docker/index.ts';
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
async function raw(tar?: Buffer): Promise<void> {
  const { Id } = await api('POST', '/containers/create', {
    Image: 'busybox',
    Cmd: ['sh', '-c', 'mkdir -p /input /output; cp -r /input/. /output/'],
    HostConfig: { NetworkMode: 'none' },
  });
  if (tar) await call(socket, 'PUT', `/containers/${Id}/archive?path=/`, tar);
  await api('POST', `/containers/${Id}/start`);
  await api('POST', `/containers/${Id}/wait`);
  if (tar) await call(socket, 'GET', `/containers/${Id}/archive?path=/output`);
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

mkdirSync(directory, { recursive: true });
const tars = new Map<number, Buffer>();
for (const count of [1, 20]) {
  const entries = files.slice(0, count).map(item => ({ ...item, name: `input/${item.name}` }));
  const pieces: Buffer[] = [];
  for await (const piece of packTar(entries, ['input'])) pieces.push(piece);
  tars.set(count, Buffer.concat(pieces));
}
const times = new Map<string, number[]>();
const turn = async (what: string, work: () => Promise<void>) => {
  times.set(what, [...(times.get(what) ?? []), await timed(work)]);
};
for (let round = 0; round < rounds; round++) {
  await turn('raw', () => raw());
  for (const count of [1, 20]) {
    await turn(`raw with files, ${count}`, () => raw(tars.get(count)));
    await turn(`step, ${count}`, () => whole(round, files.slice(0, count)));
  }
}
const median = (what: string) => times.get(what)?.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] as number;
console.log(`\nContainer steps with files of 0.5 MB, medians of ${rounds} rounds in turns, milliseconds`);
for (const what of times.keys()) console.log(`${what.padEnd(20)} ${median(what).toFixed(0).padStart(5)}`);
let reached = true;
for (const [what, base] of [
  ['step, 1', 'raw'],
  ['step, 20', 'raw with files, 20'],
] as const) {
  const goal = 150 + median(base) * 1.15;
  reached &&= median(what) <= goal;
  console.log(
    `${median(what) <= goal ? 'reached' : 'MISSED '} ${what}: ${median(what).toFixed(0)}, goal ${goal.toFixed(0)} (${base} x 1.15 + 150)`,
  );
}
process.exitCode = reached ? 0 : 1;
await engine.stop();
rmSync(directory, { recursive: true, force: true });
