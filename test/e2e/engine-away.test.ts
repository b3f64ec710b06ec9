import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Health } from '../../shared/schemas/health.ts';
import type { Run } from '../../shared/schemas/runs.ts';
import { eventually, storescu } from '../helpers/dcmtk.ts';
import { makeStudy } from '../helpers/dicom-maker.ts';
import { type Headless, startHeadless } from '../helpers/headless.ts';
import { ourContainers } from '../helpers/our-containers.ts';

const engineSocket = process.env.DOCKER_HOST?.replace('unix://', '') || '/var/run/docker.sock';

/** The engine behind a socket of our own, so that it can come and go without touching the real one. */
describe('without a Docker engine', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-away-'));
  const path = join(directory, 'engine.sock');
  let gantry: Headless;
  let relay: Server | null = null;
  const open = new Set<Socket>();

  const engineComes = () =>
    new Promise<void>(resolve => {
      relay = createServer(socket => {
        const engine = connect(engineSocket);
        for (const end of [socket, engine]) {
          open.add(end);
          end.on('error', () => {});
          end.on('close', () => {
            open.delete(end);
            socket.destroy();
            engine.destroy();
          });
        }
        socket.pipe(engine).pipe(socket);
      }).listen(path, resolve);
    });
  const engineGoes = () =>
    new Promise<void>(resolve => {
      relay?.close(() => resolve());
      for (const socket of open) socket.destroy();
      rmSync(path, { force: true });
    });

  beforeAll(async () => {
    mkdirSync(directory, { recursive: true });
    gantry = await startHeadless({
      dataDirectory: join(directory, 'data'),
      environment: { DOCKER_HOST: `unix://${path}`, GANTRY_MIN_FREE_BYTES: '0' },
    });
    const flow = (name: string, models: string) => ({
      text: `name: ${name}\ntriggers: [{ StudyDescription: ^${name}$ }]\nmodels: ${models}\ndestinations: [{ folder: ${name} }]\n`,
    });
    await gantry.put('/api/flows/routes.yml', flow('routes', '[]'));
    await gantry.put(
      '/api/flows/works.yml',
      flow(
        'works',
        '[{ docker_kwargs: { image: busybox, command: "sh -c \'sleep 3; cp -r /input/. /output/\'" }, pull_before_exec: false }]',
      ),
    );
  }, 60_000);
  afterAll(async () => {
    await gantry?.stop();
    await engineGoes();
    rmSync(directory, { recursive: true, force: true });
  }, 30_000);

  const runOf = async (flow: string) => (await gantry.get<{ items: Run[] }>(`/api/runs?flow=${flow}`)).items[0];
  const send = async (name: string) => {
    makeStudy({ directory: join(directory, name), instances: 2, studyDescription: name });
    expect(await storescu(gantry.dicomPort, [join(directory, name)])).toMatchObject({ code: 0 });
  };

  it('receives, routes and delivers all the same', async () => {
    await send('routes');
    const run = await eventually(
      async () => ((await runOf('routes'))?.code === 4 ? runOf('routes') : null),
      'the routed run',
    );
    expect(run).toMatchObject({ deliveries: { total: 2, confirmed: 2 } });
    const health = await gantry.get<Health>('/api/health');
    expect(health.status).toBe('degraded');
    expect(health.problems.map(problem => problem.code)).toEqual(['DOCKER_UNREACHABLE']);
  });

  it('lets a run that needs a container wait in words, and goes on when the engine comes', async () => {
    await send('works');
    const waiting = await eventually(async () => {
      const run = await runOf('works');
      return run?.waiting ? run : null;
    }, 'the waiting run');
    expect(waiting).toMatchObject({ code: 0, state: 'pending', waiting: { code: 'DOCKER_UNREACHABLE' } });
    expect(waiting.waiting?.remedy).toContain('Start Docker');
    await engineComes();
    await eventually(async () => (await runOf('works'))?.code === 1, 'the run starts');
    // It goes away under the running step, comes back, and the very container is taken up again.
    await eventually(async () => (await ourContainers(join(directory, 'data'))).length === 1, 'the container');
    const [container] = await ourContainers(join(directory, 'data'));
    await engineGoes();
    await eventually(async () => (await runOf('works'))?.waiting?.code === 'DOCKER_UNREACHABLE', 'the run waits again');
    expect(await ourContainers(join(directory, 'data'))).toEqual([container]);
    await engineComes();
    const sent = await eventually(
      async () => ((await runOf('works'))?.code === 4 ? runOf('works') : null),
      'the sent run',
    );
    expect(sent).toMatchObject({ attempt: 1, deliveries: { total: 2, confirmed: 2 } });
    expect(await ourContainers(join(directory, 'data'))).toEqual([]);
  }, 90_000);
});
