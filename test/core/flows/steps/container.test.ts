import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine, type Engine } from '../../../../electron/core/docker/index.ts';
import { parseFlow } from '../../../../electron/core/flows/definition.ts';
import { createContainerStep, type StepKind, type StepOrder } from '../../../../electron/core/flows/steps/index.ts';
import { Cancelled, Shutdown } from '../../../../electron/core/lib/shutdown.ts';
import { createLogHub } from '../../../../electron/core/logs/index.ts';
import { call } from '../../../testbed/images.mjs';

const socket = process.env.DOCKER_HOST?.replace('unix://', '') || '/var/run/docker.sock';
const installation = `test-${process.pid}-${Date.now()}`;
const settings = {
  get: (key: string) => ({ STEP_PIDS: 100, STEP_MEMORY_BYTES: 256 * 2 ** 20, STEP_CPUS: 1 })[key] as never,
};

/** On a real engine, with Debian's busybox. */
describe('container step', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-step-'));
  const log = createLogHub();
  let engine: Engine;
  let step: StepKind;
  let count = 0;

  beforeAll(async () => {
    engine = createEngine({ address: '', installationId: installation, log });
    await engine.start();
    expect(engine.status().problem).toBeNull();
    step = createContainerStep({ engine, settings, log });
  });
  afterAll(async () => {
    await engine.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const ours = async () => (await engine.containers.ours()).length;
  const volumes = async () =>
    (JSON.parse((await call(socket, 'GET', '/volumes')).text) as { Volumes: unknown[] | null }).Volumes?.length ?? 0;

  function order(command: string, more = '', change: Partial<StepOrder> = {}): { order: StepOrder; lines: string[] } {
    const text = `models:\n  - docker_kwargs:\n      image: busybox\n      command: ${JSON.stringify(['sh', '-c', command])}\n    pull_before_exec: false\n${more}`;
    const { flow, problems } = parseFlow(text, 'test.yml');
    const [model] = flow?.models ?? [];
    if (!model) throw new Error(JSON.stringify(problems));
    const input = join(directory, `in-${count}`);
    mkdirSync(input, { recursive: true });
    writeFileSync(join(input, 'a.dcm'), 'first');
    writeFileSync(join(input, 'b.dcm'), 'second');
    const lines: string[] = [];
    return {
      lines,
      order: {
        runId: ++count,
        runUid: `${installation}-${count}`,
        position: 0,
        model,
        input: [
          { name: 'a.dcm', file: join(input, 'a.dcm'), bytes: 5 },
          { name: 'CT/series 1/b.dcm', file: join(input, 'b.dcm'), bytes: 6 },
        ],
        outputDirectory: join(directory, `out-${count}`),
        staticDirectory: join(directory, 'static'),
        gpu: null,
        signal: new AbortController().signal,
        line: (stream, line) => lines.push(`${stream}: ${line}`),
        started: () => {},
        ...change,
      },
    };
  }

  it('gives the input in, takes the output out, keeps the lines, leaves nothing', async () => {
    const before = await volumes();
    const { order: given, lines } = order(
      'echo to stdout; echo to stderr >&2; cat "/input/CT/series 1/b.dcm"; mkdir -p /output/x; cp /input/a.dcm /output/x/; printf tail',
    );
    expect(await step.run(given)).toEqual({ exitCode: 0 });
    expect(lines.sort()).toEqual(['stderr: to stderr', 'stdout: secondtail', 'stdout: to stdout']);
    expect(readFileSync(join(given.outputDirectory, 'x', 'a.dcm'), 'utf8')).toBe('first');
    expect(await ours()).toBe(0);
    expect(await volumes()).toBe(before);
  });

  it('runs without network, new privileges or more processes than set', async () => {
    const { order: given, lines } = order(
      'ls /sys/class/net; grep NoNewPrivs /proc/self/status; cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null; cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; true',
    );
    await step.run(given);
    expect(lines).toContain('stdout: lo');
    expect(lines.filter(line => /eth\d/.test(line))).toEqual([]);
    expect(lines).toContain('stdout: NoNewPrivs:\t1');
    expect(lines).toContain('stdout: 100');
    expect(lines).toContain(`stdout: ${256 * 2 ** 20}`);
  });

  it('gets a network when the flow says bridge', async () => {
    const { order: given, lines } = order('ls /sys/class/net', '    network: bridge\n');
    await step.run(given);
    expect(lines).toContain('stdout: eth0');
  });

  it('lets another user read the input and write the output', async () => {
    const { order: given } = order('id -u > /output/who; cat /input/a.dcm >> /output/who');
    given.model.container.User = '65534';
    await step.run(given);
    expect(readFileSync(join(given.outputDirectory, 'who'), 'utf8')).toBe('65534\nfirst');
  });

  it('fails with the exit code and the last lines', async () => {
    const { order: given } = order('for i in $(seq 1 50); do echo line $i; done; exit 7');
    const error = await step.run(given).catch(failed => failed);
    expect(error).toMatchObject({ code: 'STEP_FAILED', params: { exitCode: 7 } });
    expect(error.params.lastLines).toHaveLength(20);
    expect(error.params.lastLines.at(-1)).toBe('line 50');
    expect(existsSync(given.outputDirectory)).toBe(false);
    expect(await ours()).toBe(0);
  });

  it('kills what runs too long', async () => {
    const { order: given } = order('sleep 60', '    timeout: 1\n');
    const begun = Date.now();
    await expect(step.run(given)).rejects.toMatchObject({ code: 'STEP_TIMED_OUT', params: { seconds: 1 } });
    expect(Date.now() - begun).toBeLessThan(15_000);
    expect(await ours()).toBe(0);
  });

  it('names a missing image before anything runs', async () => {
    const { order: given } = order('true');
    given.model.container.Image = 'not-here:1';
    await expect(step.run(given)).rejects.toMatchObject({ code: 'IMAGE_MISSING', params: { image: 'not-here:1' } });
  });

  it('fails when the pull fails, with the reason', async () => {
    const { order: given } = order('true');
    given.model.container.Image = '127.0.0.1:9/none/such:1';
    given.model.pullBeforeExec = true;
    await expect(step.run(given)).rejects.toMatchObject({
      code: 'IMAGE_PULL_FAILED',
      params: { image: '127.0.0.1:9/none/such:1' },
    });
    expect(await ours()).toBe(0);
  });

  it('says that a program is missing', async () => {
    const { order: given } = order('true');
    given.model.container.Cmd = ['/no/such/program'];
    await expect(step.run(given)).rejects.toMatchObject({ code: 'DOCKER_REFUSED' });
    expect(await ours()).toBe(0);
  });

  it('unpacks static tars, and names a missing one', async () => {
    mkdirSync(join(directory, 'static', 'content'), { recursive: true });
    writeFileSync(join(directory, 'static', 'content', 'weights.bin'), 'w');
    const made = spawnSync('tar', [
      '-C',
      join(directory, 'static', 'content'),
      '-cf',
      join(directory, 'static', 'Model1.tar'),
      '.',
    ]);
    expect(made.status).toBe(0);
    const { order: given, lines } = order('cat /model/deep/weights.bin', '    static_mounts: ["Model1:/model/deep"]\n');
    await step.run(given);
    expect(lines).toContain('stdout: w');
    const { order: missing } = order('true', '    static_mounts: ["Model2:/model"]\n');
    await expect(step.run(missing)).rejects.toMatchObject({ code: 'STATIC_TAR_MISSING', params: { name: 'Model2' } });
    expect(await ours()).toBe(0);
  });

  it('leaves links and devices of the output out, and says so', async () => {
    const { order: given, lines } = order(
      'echo kept > /output/kept; ln -s /etc/passwd /output/link; mkfifo /output/pipe; ln /output/kept /output/hard',
    );
    await step.run(given);
    const kept = readdirSync(given.outputDirectory);
    expect(kept).toHaveLength(1);
    expect(['kept', 'hard']).toContain(kept[0]);
    expect(lines.filter(line => line.startsWith('gantry: Left out'))).toHaveLength(3);
  });

  it('collects an output folder that stays empty', async () => {
    const { order: given } = order('true');
    await step.run(given);
    expect(readdirSync(given.outputDirectory)).toEqual([]);
  });

  it('cuts an endless line and goes on', async () => {
    const { order: given, lines } = order('head -c 300000 /dev/zero | tr "\\\\0" x; echo; echo after');
    await step.run(given);
    expect(Math.max(...lines.map(line => line.length))).toBeLessThan(70_000);
    expect(lines.at(-1)).toBe('stdout: after');
  });

  it('removes the container of a cancelled step', async () => {
    const controller = new AbortController();
    const { order: given } = order('sleep 60', '', {
      signal: controller.signal,
      started: () => setTimeout(() => controller.abort(new Cancelled('by test')), 200),
    });
    await expect(step.run(given)).rejects.toBeInstanceOf(Cancelled);
    expect(await ours()).toBe(0);
  });

  it('leaves the container at a shutdown, takes it up again, and tells its lines from the start', async () => {
    const controller = new AbortController();
    const { order: given } = order('echo begun; sleep 2; echo ended; echo done > /output/done', '', {
      signal: controller.signal,
      started: () => setTimeout(() => controller.abort(new Shutdown('by test')), 300),
    });
    await expect(step.run(given)).rejects.toBeInstanceOf(Shutdown);
    expect(await ours()).toBe(1);
    await step.sweep((runUid, position) => runUid === given.runUid && position === 0);
    expect(await ours()).toBe(1);
    const lines: string[] = [];
    const again = createContainerStep({ engine, settings, log });
    await again.run({
      ...given,
      signal: new AbortController().signal,
      started: () => {},
      line: (_stream, line) => lines.push(line),
    });
    expect(lines).toEqual(['Taken up again after a restart of Gantry', 'begun', 'ended']);
    expect(readdirSync(given.outputDirectory)).toEqual(['done']);
    expect(await ours()).toBe(0);
  });

  it('sweeps what belongs to no run', async () => {
    const controller = new AbortController();
    const { order: given } = order('sleep 60', '', {
      signal: controller.signal,
      started: () => controller.abort(new Shutdown('by test')),
    });
    await expect(step.run(given)).rejects.toBeInstanceOf(Shutdown);
    await step.sweep(() => false);
    expect(await ours()).toBe(0);
  });

  it('hands the output of one step to the next', async () => {
    const first = order('cp -r /input/. /output/').order;
    await step.run(first);
    const second = order('find /input -type f | sort').order;
    const lines: string[] = [];
    const input = [{ name: 'a.dcm', file: join(first.outputDirectory, 'a.dcm'), bytes: 5 }];
    await step.run({ ...second, input, line: (_stream, line) => lines.push(line) });
    expect(lines).toEqual(['/input/a.dcm']);
  });

  it('waits in words when no engine answers, and when the engine has no GPU', async () => {
    const gone = createEngine({ address: 'unix:///nowhere/docker.sock', installationId: installation, log });
    await gone.start();
    const { order: given } = order('true');
    const away = createContainerStep({ engine: gone, settings, log });
    expect(away.preflight(given.model)).toMatchObject({
      code: 'DOCKER_UNREACHABLE',
      params: { address: 'unix:///nowhere/docker.sock' },
    });
    await expect(away.run(given)).rejects.toMatchObject({ code: 'DOCKER_UNREACHABLE' });
    await gone.stop();
    expect(step.preflight({ ...given.model, gpu: true })).toMatchObject({ code: 'ENGINE_WITHOUT_GPU' });
    expect(step.preflight(given.model)).toBeNull();
    const { order: gpu } = order('true', '', { gpu: '0' });
    await expect(step.run(gpu)).rejects.toMatchObject({ code: 'ENGINE_WITHOUT_GPU' });
    expect(await ours()).toBe(0);
  });
});
