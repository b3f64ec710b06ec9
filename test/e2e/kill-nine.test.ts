import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dcmtk, eventually, freePort, type StoreScp, startStorescp } from '../helpers/dcmtk.ts';
import { type MadeInstance, makeStudy } from '../helpers/dicom-maker.ts';
import { type Headless, startHeadless } from '../helpers/headless.ts';
import { ourContainers } from '../helpers/our-containers.ts';

/**
 * Promise 1: nothing acknowledged is lost. The core is killed at 40 random moments while storescu sends 300 instances
 * and their flows run; what was acknowledged must be stored, processed and delivered all the same.
 */
const kills = 40;
const instances = 300;
const directory = mkdtempSync(join(tmpdir(), 'gantry-kill-'));
let scp: StoreScp;
let gantry: Headless | undefined;

beforeAll(async () => {
  scp = await startStorescp(join(directory, 'scp'));
});
afterAll(async () => {
  await gantry?.stop();
  await scp?.stop();
  rmSync(directory, { recursive: true, force: true });
}, 30_000);

const pixels = (file: Buffer) =>
  createHash('sha256')
    .update(file.subarray(file.length - 2 * 32 * 32))
    .digest('hex');
const pause = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds));

/** Sends files in one association and tells which of them the peer acknowledged. */
async function send(port: number, files: string[]): Promise<string[]> {
  const { output } = await dcmtk('storescu', ['-v', '-aec', 'GANTRY', '127.0.0.1', String(port), ...files], {
    timeoutMs: 30_000,
  });
  const acknowledged: string[] = [];
  let sending = '';
  for (const line of output.split('\n')) {
    sending = line.match(/Sending file: (.+)$/)?.[1] ?? sending;
    if (line.includes('Received Store Response (Success)')) acknowledged.push(sending.trim());
  }
  return acknowledged;
}

it('loses nothing that was acknowledged, however often the core is killed', async () => {
  const made = makeStudy({ directory: join(directory, 'study'), instances, side: 32 });
  const byFile = new Map<string, MadeInstance>(made.map(item => [item.file, item]));
  const dicomPort = await freePort();
  const start = () =>
    startHeadless({
      dataDirectory: join(directory, 'data'),
      dicomPort,
      environment: {
        GANTRY_RETRY_FIRST: '0.2',
        GANTRY_RETRY_ATTEMPTS: '1000',
        GANTRY_BREAKER_FAILURES: '1000',
        GANTRY_MIN_FREE_BYTES: '0',
      },
    });
  gantry = await start();
  await gantry.put('/api/flows/copy.yml', {
    text: `
triggers: [{ Modality: CT }]
models:
  - docker_kwargs: { image: busybox, command: "cp -r /input/. /output/" }
    pull_before_exec: false
destinations: [{ host: 127.0.0.1, port: ${scp.port}, ae_title: STORESCP }]
`,
  });

  const acknowledged = new Set<string>();
  const random = Math.random;
  for (let round = 0; round < kills; round++) {
    const waiting = made.map(item => item.file).filter(file => !acknowledged.has(file));
    const some = waiting.slice(0, 12);
    const sending = some.length > 0 ? send(dicomPort, some) : Promise.resolve([]);
    await pause(random() * (round % 4 === 3 ? 2500 : 350));
    await gantry.kill9();
    for (const file of await sending) acknowledged.add(file);
    gantry = await start();
  }
  const left = made.map(item => item.file).filter(file => !acknowledged.has(file));
  for (let from = 0; from < left.length; from += 100) {
    for (const file of await send(dicomPort, left.slice(from, from + 100))) acknowledged.add(file);
  }
  expect(acknowledged.size).toBe(instances);

  // Every run ends as sent.
  const core = gantry;
  await eventually(
    async () => {
      const batches = await core.get<{ items: { state: string }[] }>('/api/batches?limit=1000');
      const runs = await core.get<{ items: { code: number; state: string }[] }>('/api/runs?limit=1000');
      expect(runs.items.filter(run => run.code === 400)).toEqual([]);
      return batches.items.every(batch => batch.state === 'evaluated') && runs.items.every(run => run.code === 4);
    },
    'every run is sent',
    240_000,
  );

  // Every acknowledged instance is stored with the pixels that were sent, and reached the destination.
  const delivered = new Set(scp.received().map(name => pixels(readFileSync(join(scp.directory, name)))));
  for (const file of acknowledged) {
    const { sopInstanceUid } = byFile.get(file) as MadeInstance;
    const sent = pixels(readFileSync(file));
    expect(pixels(await core.bytes(`/api/instances/${sopInstanceUid}/file`)), sopInstanceUid).toBe(sent);
    expect(delivered.has(sent), `${sopInstanceUid} at the destination`).toBe(true);
  }
  expect(await ourContainers(join(directory, 'data'))).toEqual([]);
  expect(
    readdirSync(join(directory, 'data')).includes('quarantine')
      ? readdirSync(join(directory, 'data', 'quarantine'))
      : [],
  ).toEqual([]);
}, 900_000);
