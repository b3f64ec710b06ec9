import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExportTicket } from '../../shared/schemas/exports.ts';
import type { RunDetail } from '../../shared/schemas/runs.ts';
import { dcmtk, echoscu, eventually, type StoreScp, startStorescp, storescu } from '../helpers/dcmtk.ts';
import { makeStudy } from '../helpers/dicom-maker.ts';
import { type Headless, startHeadless } from '../helpers/headless.ts';
import { type OrthancPeer, startOrthanc } from '../helpers/orthanc-peer.ts';
import { ourContainers } from '../helpers/our-containers.ts';

/** The product's main sentence, as a user would try it: built headless door, DCMTK and Orthanc as peers, real containers. */
describe('receive, match, run in containers, deliver, prove it', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-main-job-'));
  let gantry: Headless;
  let scp: StoreScp;
  let orthanc: OrthancPeer;

  beforeAll(async () => {
    scp = await startStorescp(join(directory, 'scp'));
    orthanc = await startOrthanc(join(directory, 'orthanc'));
    gantry = await startHeadless({
      dataDirectory: join(directory, 'data'),
      environment: { GANTRY_RETRY_FIRST: '1', GANTRY_MIN_FREE_BYTES: '0' },
    });
  }, 60_000);

  afterAll(async () => {
    await gantry?.stop();
    await scp?.stop();
    await orthanc?.stop();
    rmSync(directory, { recursive: true, force: true });
  }, 30_000);

  const pixelHash = async (file: string): Promise<string> => {
    const raw = `${file}.raw`;
    const { code, output } = await dcmtk('dcmdump', ['+W', directory, '+P', 'PixelData', '-q', file]);
    expect(code, output).toBe(0);
    const bytes = readFileSync(join(directory, `${file.split('/').at(-1)}.0.raw`));
    rmSync(raw, { force: true });
    return createHash('sha256').update(bytes).digest('hex');
  };

  const runOf = (flow: string, studyInstanceUid: string) =>
    eventually(
      async () => {
        const { items } = await gantry.get<{ items: RunDetail[] }>(
          `/api/runs?flow=${flow}&studyInstanceUid=${studyInstanceUid}`,
        );
        return items.find(run => run.code === 4 || run.code === 400);
      },
      `an ended run of ${flow}`,
      90_000,
    );

  it('answers C-ECHO', async () => {
    expect((await echoscu(gantry.dicomPort)).code).toBe(0);
  });

  it('runs a two-model flow and proves the delivery to DCMTK and to Orthanc', async () => {
    await gantry.put('/api/peers', {
      items: [{ name: 'archive', aeTitle: 'ORTHANC', host: '127.0.0.1', port: orthanc.dicomPort }],
    });
    const flow = `
name: Two models
version: 1.02
priority: 3
triggers:
  - Modality: CT
    SeriesDescription: "Axial|Sagittal"
  - StudyDescription: Thorax
models:
  - docker_kwargs:
      image: busybox
      command: sh -c 'echo first $ORDER; mkdir -p /output/deep; cp /input/*.dcm /output/deep/'
      environment:
        ORDER: 0
    pull_before_exec: false
  - docker_kwargs:
      image: busybox
      command: sh -c 'echo second $ORDER; cp -r /input/. /output/; echo a note > /output/note.txt'
      environment:
        ORDER: 1
    pull_before_exec: false
destinations:
  - host: 127.0.0.1
    port: ${scp.port}
    ae_title: STORESCP
  - peer: archive
`;
    const saved = await gantry.put<{ valid: boolean; problems: unknown[] }>('/api/flows/two-models.yml', {
      text: flow,
    });
    expect(saved).toMatchObject({ valid: true });

    const sent = makeStudy({ directory: join(directory, 'ct'), instances: 6, side: 64 });
    const study = sent[0]?.studyInstanceUid as string;
    expect(await storescu(gantry.dicomPort, [join(directory, 'ct')])).toMatchObject({ code: 0 });

    const { id } = await runOf('Two%20models', study);
    const run = await gantry.get<RunDetail>(`/api/runs/${id}`);
    expect(run).toMatchObject({ code: 4, state: 'sent', priority: 3, flowVersion: '1.02' });
    expect(run.steps.map(step => [step.state, step.exitCode])).toEqual([
      ['succeeded', 0],
      ['succeeded', 0],
    ]);
    expect(run.log.map(line => line.line)).toEqual(expect.arrayContaining(['first 0', 'second 1']));
    expect(run.otherFiles.map(other => other.file)).toEqual(['note.txt']);
    expect(run.deliveryItems).toHaveLength(12);
    for (const delivery of run.deliveryItems) {
      expect(delivery).toMatchObject({ status: '0x0000', confirmed: true, attempts: 1 });
    }

    // Input and output of a step can be fetched, once each, without the token.
    for (const [step, of, names] of [
      [0, 'input', 6],
      [1, 'input', 6],
      [1, 'output', 7],
    ] as const) {
      const ticket = await gantry.post<ExportTicket>(`/api/runs/${id}/steps/${step}/${of}`, {});
      expect(ticket.files).toBe(names);
      const origin = new URL(gantry.url).origin;
      const fetched = await fetch(origin + ticket.path);
      const zip = Buffer.from(await fetched.arrayBuffer());
      expect(zip.subarray(0, 2).toString()).toBe('PK');
      expect(zip.length).toBeGreaterThan(ticket.bytes);
      expect((await fetch(origin + ticket.path)).status).toBe(401);
    }
    expect(await gantry.status('POST', `/api/runs/${id}/steps/2/output`, {})).toBe(404);

    // What arrived holds the very pixels that were sent.
    const expected = new Set(await Promise.all(sent.map(item => pixelHash(item.file))));
    const received = await Promise.all(scp.received().map(name => pixelHash(join(scp.directory, name))));
    expect(new Set(received)).toEqual(expected);
    for (const item of sent) {
      const archived = await orthanc.fileOf(item.sopInstanceUid);
      const copy = join(directory, `${item.sopInstanceUid}.dcm`);
      writeFileSync(copy, archived);
      expect(expected).toContain(await pixelHash(copy));
    }
    expect(await ourContainers(join(directory, 'data'))).toEqual([]);

    const journal = await gantry.get<{ items: { event: string }[] }>(`/api/studies/${study}/journal`);
    const events = journal.items.map(entry => entry.event);
    expect(events).toEqual(['received', 'matched', 'run-started', 'step-ended', 'step-ended', 'ran', 'delivered']);
  }, 120_000);

  it('gives the stored bytes back and finds the study', async () => {
    const sent = makeStudy({ directory: join(directory, 'mr'), instances: 2, modality: 'MR', patientName: 'Grün^Öko' });
    expect(await storescu(gantry.dicomPort, [join(directory, 'mr')])).toMatchObject({ code: 0 });
    const first = sent[0] as (typeof sent)[number];
    const stored = await gantry.bytes(`/api/instances/${first.sopInstanceUid}/file`);
    const original = readFileSync(first.file);
    // The data set begins after the file meta; the tail of both files is the same.
    const dataSet = original.subarray(original.indexOf(Buffer.from([0x08, 0, 0x05, 0, 0x43, 0x53])));
    expect(stored.subarray(stored.length - dataSet.length).equals(dataSet)).toBe(true);
    const list = await gantry.get<{ items: unknown[]; total: number }>('/api/studies?search=gr%C3%BCn');
    expect(list).toMatchObject({
      total: 1,
      items: [{ patientName: 'Grün^Öko', modalities: ['MR'], instanceCount: 2, seriesCount: 1 }],
    });
    const batch = await eventually(async () => {
      const batches = await gantry.get<{ items: { id: number; state: string; studyInstanceUids: string[] }[] }>(
        '/api/batches',
      );
      return batches.items.find(
        item => item.studyInstanceUids.includes(first.studyInstanceUid) && item.state === 'evaluated',
      );
    }, 'the evaluated batch');
    const detail = await gantry.get<{ verdicts: { matched: boolean; text: string }[] }>(`/api/batches/${batch.id}`);
    expect(detail.verdicts).toHaveLength(1);
    expect(detail.verdicts[0]?.matched).toBe(false);
    expect(detail.verdicts[0]?.text).toContain('Modality');
  }, 60_000);

  it('says why a step failed, and runs it again from there', async () => {
    const flow = (command: string) => `
name: Fails
triggers: [{ StudyDescription: ^Failing$ }]
models:
  - docker_kwargs: { image: busybox, command: "cp -r /input/. /output/" }
    pull_before_exec: false
  - docker_kwargs: { image: busybox, command: ${JSON.stringify(command)} }
    pull_before_exec: false
destinations: [{ folder: results }]
`;
    await gantry.put('/api/flows/fails.yml', { text: flow("sh -c 'echo about to fail; exit 3'") });
    const sent = makeStudy({ directory: join(directory, 'failing'), instances: 1, studyDescription: 'Failing' });
    await storescu(gantry.dicomPort, [join(directory, 'failing')]);
    const { id } = await runOf('Fails', sent[0]?.studyInstanceUid as string);
    const failed = await gantry.get<RunDetail>(`/api/runs/${id}`);
    expect(failed).toMatchObject({
      code: 400,
      state: 'failed',
      problem: { code: 'STEP_FAILED', params: { exitCode: 3 } },
    });
    expect(JSON.stringify(failed.problem?.params)).toContain('about to fail');
    expect(await gantry.status('POST', `/api/runs/${id}/cancel`)).toBe(409);
    // A retry uses the flow as it ran: it fails again, at the second step, without running the first one anew.
    const firstStep = failed.steps[0]?.startedAt;
    await gantry.post(`/api/runs/${id}/retry`, { fromStep: 1 });
    const again = await eventually(async () => {
      const run = await gantry.get<RunDetail>(`/api/runs/${id}`);
      return run.state === 'failed' && run.attempt === 2 ? run : null;
    }, 'the second attempt');
    expect(again.steps[0]?.startedAt).toBe(firstStep);
    expect(await ourContainers(join(directory, 'data'))).toEqual([]);
  }, 90_000);

  it('cancels a running container and leaves nothing behind', async () => {
    const flow = `
name: Sleeps
triggers: [{ StudyDescription: ^Sleeping$ }]
models:
  - docker_kwargs: { image: busybox, command: sleep 300 }
    pull_before_exec: false
destinations: []
`;
    await gantry.put('/api/flows/sleeps.yml', { text: flow });
    const sent = makeStudy({ directory: join(directory, 'sleeping'), instances: 1, studyDescription: 'Sleeping' });
    await storescu(gantry.dicomPort, [join(directory, 'sleeping')]);
    const study = sent[0]?.studyInstanceUid;
    const { id } = await eventually(async () => {
      const { items } = await gantry.get<{ items: RunDetail[] }>(`/api/runs?code=1&studyInstanceUid=${study}`);
      return items[0];
    }, 'the running run');
    await eventually(async () => (await ourContainers(join(directory, 'data'))).length === 1, 'its container');
    expect(await gantry.post(`/api/runs/${id}/cancel`, {})).toMatchObject({ state: 'cancelled', code: 400 });
    expect(await ourContainers(join(directory, 'data'))).toEqual([]);
  }, 60_000);

  it('does not say sent of a peer that is away, and sends when it is back', async () => {
    const away = await startStorescp(join(directory, 'away'));
    await away.stop();
    const flow = `
name: Routes
triggers: [{ StudyDescription: ^Routing$ }]
models: []
destinations: [{ host: 127.0.0.1, port: ${away.port}, ae_title: AWAY }]
`;
    await gantry.put('/api/flows/routes.yml', { text: flow });
    const sent = makeStudy({ directory: join(directory, 'routing'), instances: 3, studyDescription: 'Routing' });
    await storescu(gantry.dicomPort, [join(directory, 'routing')]);
    const study = sent[0]?.studyInstanceUid;
    const waiting = await eventually(async () => {
      const { items } = await gantry.get<{ items: RunDetail[] }>(`/api/runs?studyInstanceUid=${study}`);
      return items.find(run => run.state === 'sending' && run.waiting);
    }, 'a run that waits for its peer');
    expect(waiting).toMatchObject({
      code: 3,
      sentAt: null,
      deliveries: { total: 3, confirmed: 0 },
      waiting: { code: expect.stringMatching(/PEER_UNREACHABLE|BREAKER_OPEN/) },
    });
    const back = await startStorescp(join(directory, 'back'), { port: away.port, aeTitle: 'AWAY' });
    const run = await runOf('Routes', study as string);
    await back.stop();
    expect(run).toMatchObject({ code: 4, deliveries: { total: 3, confirmed: 3 } });
    expect(back.received()).toHaveLength(3);
  }, 90_000);
});
