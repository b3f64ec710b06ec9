import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Batch } from '../../shared/schemas/batches.ts';
import type { Import } from '../../shared/schemas/imports.ts';
import type { Study } from '../../shared/schemas/studies.ts';
import { eventually } from '../helpers/dcmtk.ts';
import { makeStudy } from '../helpers/dicom-maker.ts';
import { type Headless, startHeadless } from '../helpers/headless.ts';

const directory = mkdtempSync(join(tmpdir(), 'gantry-killed-'));
const start = () =>
  startHeadless({ dataDirectory: join(directory, 'data'), environment: { GANTRY_MIN_FREE_BYTES: '0' } });
let gantry: Headless;
afterAll(async () => {
  await gantry?.stop();
  rmSync(directory, { recursive: true, force: true });
});

it('is interrupted by kill -9, says what was stored, fires no flow, and is completed by importing again', async () => {
  const instances = 1500;
  makeStudy({ directory: join(directory, 'study'), instances });
  gantry = await start();
  await gantry.put('/api/flows/all.yml', { text: 'models: []\ndestinations: [{ folder: out }]\n' });
  const order = { paths: [join(directory, 'study')], evaluate: false };
  const { id } = await gantry.post<Import>('/api/imports', order);
  const now = (of = id) => gantry.get<Import>(`/api/imports/${of}`);
  await eventually(async () => (await now()).imported > 50, 'some instances');
  await gantry.kill9();

  gantry = await start();
  const left = await now();
  expect(left).toMatchObject({ state: 'interrupted', endedAt: expect.any(Number) });
  expect(left.imported).toBeGreaterThan(50);
  expect(left.imported).toBeLessThan(instances);
  const [study] = (await gantry.get<{ items: Study[] }>('/api/studies')).items;
  expect(study?.instanceCount).toBe(left.imported);
  expect(readdirSync(join(directory, 'data', 'incoming'))).toEqual([]);
  const batches = (await gantry.get<{ items: Batch[] }>('/api/batches')).items;
  expect(batches).toMatchObject([{ state: 'evaluated', complete: false, instanceCount: left.imported }]);

  const again = await gantry.post<Import>('/api/imports', order);
  await eventually(async () => (await now(again.id)).state === 'finished', 'the second import', 60_000);
  const end = await now(again.id);
  expect([end.duplicates, end.imported]).toEqual([left.imported, instances - left.imported]);
  expect((await gantry.get<{ total: number }>('/api/runs')).total).toBe(0);
}, 120_000);
