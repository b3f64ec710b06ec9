import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Batch, Verdict } from '../../../shared/schemas/batches.ts';
import type { Import } from '../../../shared/schemas/imports.ts';
import { eventually } from '../../helpers/dcmtk.ts';
import { makeStudy } from '../../helpers/dicom-maker.ts';
import { type OpenDoor, openDoor } from '../../helpers/open-door.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
  const flow = (collect: string) =>
    `name: ${collect}\ncollect: ${collect}\nquiet: 0.3s\ndestinations:\n  - folder: out\n`;
  for (const collect of ['association', 'study']) await door.core.flows.files.save(`${collect}.yml`, flow(collect));
});
afterAll(() => door.close());

const ask = async <T>(path: string, init?: RequestInit): Promise<T> => {
  const response = await door.call(path, init);
  expect(response.status, path).toBe(200);
  return (await response.json()) as T;
};
async function imported(name: string, evaluate: boolean): Promise<Import> {
  const directory = join(door.dataDirectory, 'to-import', name);
  makeStudy({ directory, instances: 3 });
  const body = JSON.stringify({ paths: [directory], evaluate });
  const headers = { 'Content-Type': 'application/json' };
  const { id } = await ask<Import>('/api/imports', { method: 'POST', body, headers });
  const now = () => ask<Import>(`/api/imports/${id}`);
  await eventually(async () => (await now()).state !== 'running', 'the end of the import');
  return now();
}
const runs = () => door.core.flows.runs.list({ limit: 100, offset: 0 }).total;

describe('flows and imports', () => {
  it('are kept apart unless it was asked for', async () => {
    expect(await imported('quiet', false)).toMatchObject({ state: 'finished', imported: 3, evaluate: false });
    // Longer than the quiet time of the flow that collects studies, and than a tick of the batches.
    await new Promise(resolve => setTimeout(resolve, 1200));
    const { items } = await ask<{ items: Batch[] }>('/api/batches');
    expect(items).toMatchObject([{ collect: 'association', state: 'evaluated', complete: true, instanceCount: 3 }]);
    expect(await ask<{ verdicts: Verdict[] }>(`/api/batches/${items[0]?.id}`)).toMatchObject({ verdicts: [] });
    expect(runs()).toBe(0);
  });

  it('fire on what was imported when it was asked for, each in its way of collecting', async () => {
    expect(await imported('ticked', true)).toMatchObject({ state: 'finished', imported: 3, evaluate: true });
    await eventually(() => runs() === 2, 'the runs of both flows', 10_000);
  });
});
