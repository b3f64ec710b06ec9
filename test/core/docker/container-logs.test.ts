import { afterEach, beforeEach, expect, it } from 'vitest';
import { createEngine, type Engine } from '../../../electron/core/docker/index.ts';
import { createLogHub, type NewLine } from '../../../electron/core/logs/index.ts';
import { call } from '../../testbed/images.mjs';

const socket = process.env.DOCKER_HOST?.replace('unix://', '') || '/var/run/docker.sock';
const installationId = `logs-test-${process.pid}`;
let lines: NewLine[];
let engine: Engine;
let ids: string[];
let kept: { at: number; lines: number } | null;

async function api<T>(method: string, path: string, body?: unknown): Promise<T> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const answer = await call(socket, method, path, text, 'application/json');
  if ((answer.status ?? 500) >= 400) throw new Error(`${method} ${path}: ${answer.text}`);
  return (answer.text === '' ? {} : JSON.parse(answer.text)) as T;
}

async function run(script: string, more: Record<string, unknown> = {}): Promise<string> {
  const { Id } = await api<{ Id: string }>('POST', '/containers/create', {
    Image: 'busybox',
    Cmd: ['sh', '-c', script],
    HostConfig: { NetworkMode: 'none' },
    ...more,
  });
  ids.push(Id);
  await api('POST', `/containers/${Id}/start`);
  return Id;
}
const keyOf = (id: string) => `container/${id.slice(0, 12)}`;
const of = (id: string) => lines.filter(({ source }) => source.key === keyOf(id)).map(({ text }) => text);
const soon = (look: () => unknown) => expect.poll(look, { timeout: 15_000, interval: 50 });

async function begin(): Promise<void> {
  const log = createLogHub();
  log.listen(
    () => {},
    line => lines.push(line),
  );
  engine = createEngine({ address: '', installationId, log, lastKept: async () => kept });
  await engine.start();
  engine.logs.start();
}
async function end(): Promise<void> {
  await engine.logs.stop();
  await engine.stop();
}

beforeEach(async () => {
  lines = [];
  ids = [];
  kept = null;
  await begin();
});
afterEach(async () => {
  await end();
  for (const id of ids) await api('DELETE', `/containers/${id}?force=1&v=1`);
});

it('reads a container from when it is looked at, with what it wrote before', async () => {
  const id = await run('echo before; sleep 0.2; echo to-stderr >&2; sleep 2; echo "2026 ERROR later"; sleep 60');
  await soon(() => engine.logs.list().find(({ key }) => key === keyOf(id))?.running).toBe(true);
  expect(of(id)).toEqual([]);
  engine.logs.watch([keyOf(id)]);
  await soon(() => of(id).length).toBe(3);
  const [before, error, later] = lines as [NewLine, NewLine, NewLine];
  expect([before.stream, error.stream, later.level]).toEqual(['stdout', 'stderr', 'error']);
  expect(later.at - before.at).toBeGreaterThan(1500);
  expect(Math.abs(later.at - Date.now())).toBeLessThan(10_000);
});

it('reads those of Gantry without being asked, over restarts of the container, and steps never', async () => {
  const ours = { 'io.gantry.installation': installationId };
  const id = await run('echo line; sleep 60', { Labels: ours });
  const step = await run('echo of a step; sleep 60', { Labels: { ...ours, 'io.gantry.run': '7' } });
  await soon(() => of(id)).toEqual(['line']);
  await api('POST', `/containers/${id}/restart?t=0`);
  await soon(() => of(id)).toEqual(['line', 'line']);
  engine.logs.watch(['container']);
  expect(engine.logs.list().some(({ key }) => key === keyOf(step))).toBe(false);
  // What has ended keeps its lines, and is gone from the list when the engine has it no more.
  await api('DELETE', `/containers/${id}?force=1&v=1`);
  ids.splice(ids.indexOf(id), 1);
  await soon(() => engine.logs.list().some(({ key }) => key === keyOf(id))).toBe(false);
  expect(of(id)).toEqual(['line', 'line']);
});

it('goes on behind the last kept line after a restart of Gantry', async () => {
  const id = await run('seq 1 200; sleep 60', { Labels: { 'io.gantry.installation': installationId } });
  await soon(() => of(id).length).toBe(200);
  await end();
  const at = lines[149]?.at as number;
  // As the store would say it if it had taken the first 150.
  kept = { at, lines: lines.slice(0, 150).filter(line => line.at === at).length };
  lines = [];
  await begin();
  await soon(() => of(id).length).toBe(50);
  expect(of(id)).toEqual(Array.from({ length: 50 }, (_, n) => String(n + 151)));
});

it('reads a terminal, endless lines and no text at all', async () => {
  const id = await run(
    'echo on a terminal; head -c 200000 /dev/zero | tr "\\\\0" x; echo; head -c 300 /dev/urandom; echo; echo end; sleep 60',
    {
      Tty: true,
    },
  );
  await soon(() => engine.logs.list().some(({ key }) => key === keyOf(id))).toBe(true);
  engine.logs.watch([keyOf(id)]);
  await soon(() => of(id).at(-1)).toBe('end');
  expect(of(id)[0]).toBe('on a terminal');
  expect(Math.max(...of(id).map(text => text.length))).toBeLessThan(70_000);
});
