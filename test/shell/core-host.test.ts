import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createCoreHost } from '../../electron/shell/core-host.ts';
import { eventually } from '../helpers/dcmtk.ts';
import * as electron from './fake-electron.ts';

vi.mock('electron', () => import('./fake-electron.ts'));

const directory = mkdtempSync(join(tmpdir(), 'gantry-core-host-'));

/** A core that is ready at once, dies of the first file it is asked for, and will not start twice in a bad mood. */
const program = `
process.parentPort.on('message', ({ data }) => {
  if (data.kind === 'start' && data.parameters.includes('broken'))
    process.parentPort.postMessage({ kind: 'failed', problem: { code: 'PORT_TAKEN', kind: 'input', params: {}, title: 'taken', remedy: 'Stop it.' } });
  else if (data.kind === 'start') process.parentPort.postMessage({ kind: 'ready', dataDirectory: '/data' });
  if (data.kind === 'instance-file') process.exit(1);
});`;
beforeAll(() => writeFileSync(join(directory, 'core-process.js'), program));
afterAll(async () => {
  await Promise.all(electron.forks.map(({ thread }) => thread.terminate()));
  rmSync(directory, { recursive: true, force: true });
});

it('starts a core again that dies, and gives up on one that only dies', async () => {
  let restarts = 0;
  const lost: unknown[] = [];
  const host = createCoreHost({
    directory,
    parameters: [],
    defaultDataDirectory: '/data',
    restarted: () => restarts++,
    lost: problem => lost.push(problem),
  });
  await host.start();
  for (let death = 1; death <= 3; death++) {
    await expect(host.instanceFile('1.2.3')).rejects.toThrow('the core ended');
    await eventually(() => restarts === death, `restart ${death}`);
  }
  await expect(host.instanceFile('1.2.3')).rejects.toThrow('the core ended');
  await eventually(() => lost.length === 1, 'the end of patience');
  expect({ restarts, lost }).toEqual({ restarts: 3, lost: [null] });
  await expect(host.instanceFile('1.2.3')).rejects.toThrow('not running');
  await host.stop();
});

it('tells why the core cannot start', async () => {
  const nothing = () => {};
  const needs = { directory, defaultDataDirectory: '/data', restarted: nothing, lost: nothing };
  await expect(createCoreHost({ ...needs, parameters: ['broken'] }).start()).rejects.toMatchObject({
    code: 'PORT_TAKEN',
  });
});
