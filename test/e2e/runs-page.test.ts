import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../../shared/schemas/runs.ts';
import type { Study } from '../../shared/schemas/studies.ts';
import { eventually, freePort, startStorescp, storescu } from '../helpers/dcmtk.ts';
import { makeStudy } from '../helpers/dicom-maker.ts';
import { type OpenConsole, openConsole } from '../helpers/open-console.ts';

/** The queue under a hand, failures by cause and statistics, in real Chromium on the built headless door. */
describe('the Runs page', () => {
  let open: OpenConsole;
  let gantry: OpenConsole['gantry'];
  let page: OpenConsole['page'];
  let directory: string;
  let port: number;
  const runs = (query = '') => gantry.get<{ items: Run[]; total: number }>(`/api/runs${query}`);
  const receive = async (name: string) => {
    makeStudy({ directory: join(directory, name), instances: 1, studyDescription: 'Runs page' });
    await storescu(gantry.dicomPort, [join(directory, name)]);
  };

  beforeAll(async () => {
    port = await freePort();
    open = await openConsole({ GANTRY_RETRY_ATTEMPTS: '1', GANTRY_BREAKER_FAILURES: '100', GANTRY_GPUS: '0 1' });
    ({ gantry, page, directory } = open);
    await gantry.put('/api/flows/route.yml', {
      text: `name: Route\nmodels: []\ndestinations: [{ host: 127.0.0.1, port: ${port}, ae_title: ARCHIVE }]\n`,
    });
    await open.goto('/runs');
  }, 60_000);
  afterAll(() => open?.close(), 30_000);

  it('pauses the queue, says so at every run that waits, and takes priorities by hand', async () => {
    await page.getByRole('button', { name: 'Pause queue' }).click();
    await page.getByText('The queue is paused since').waitFor();
    await receive('first');
    await receive('second');
    await eventually(async () => (await runs('?state=pending')).total === 2, 'two runs that wait');
    await page.getByRole('combobox', { name: 'Priority #1' }).selectOption('5');
    await eventually(async () => (await gantry.get<Run>('/api/runs/1')).priority === 5, 'the priority');
    await page.getByText('GPU 0').waitFor();
    await open.shot('runs-paused');
    expect((await gantry.get<Run>('/api/runs/2')).waiting?.code).toBe('QUEUE_PAUSED');
  }, 30_000);

  it('puts failures together by cause, and runs them again with one click', async () => {
    await page.getByRole('button', { name: 'Resume queue' }).click();
    await eventually(async () => (await runs('?state=failed')).total === 2, 'two failed runs');
    await page.getByRole('tab', { name: 'Failures by cause' }).click();
    await page.getByText('2 runs: ').waitFor();
    await open.shot('runs-failures');
    const scp = await startStorescp(join(directory, 'archive'), { port, aeTitle: 'ARCHIVE' });
    await page.getByRole('button', { name: 'Run them again' }).click();
    await page.getByText('No run has failed.').waitFor();
    await eventually(async () => (await runs('?state=sent')).total === 2, 'two sent runs');
    expect(scp.received()).toHaveLength(2);
    await scp.stop();
  }, 60_000);

  it('sends a stored study to a peer, and runs a flow on it, because somebody wants it', async () => {
    const archive = await startStorescp(join(directory, 'by-hand'), { port, aeTitle: 'ARCHIVE' });
    await gantry.put('/api/peers', { items: [{ name: 'archive', aeTitle: 'ARCHIVE', host: '127.0.0.1', port }] });
    await gantry.put('/api/flows/never.yml', {
      text: 'name: Never\ntriggers: [{ Modality: ^NONE$ }]\nmodels: []\ndestinations: [{ folder: results }]\n',
    });
    const studies = await gantry.get<{ items: { studyInstanceUid: string }[] }>('/api/studies');
    const studyInstanceUid = studies.items[0]?.studyInstanceUid as string;
    for (const order of [{ peer: 'archive' }, { flow: 'never.yml' }]) {
      const { id } = await gantry.post<Run>('/api/runs', { studyInstanceUid, ...order });
      await eventually(async () => (await gantry.get<Run>(`/api/runs/${id}`)).state === 'sent', `run ${id} sent`);
    }
    expect(archive.received()).toHaveLength(1);
    expect(await gantry.status('POST', '/api/runs', { studyInstanceUid: '1.2.3', peer: 'archive' })).toBe(404);
    expect(await gantry.status('POST', '/api/runs', { studyInstanceUid, peer: 'nobody' })).toBe(404);
    const listed = await gantry.get<{ items: Study[] }>('/api/studies');
    expect(listed.items.find(study => study.studyInstanceUid === studyInstanceUid)?.runs).toEqual({
      active: 0,
      sent: 3,
      failed: 0,
    });
    await page.getByRole('link', { name: 'Studies' }).click();
    await page.getByLabel('3 sent').waitFor();
    await open.shot('studies-runs');
    await page.getByRole('link', { name: 'Runs', exact: true }).click();
    const journal = await gantry.get<{ items: { text: string }[] }>(`/api/studies/${studyInstanceUid}/journal`);
    expect(journal.items.map(entry => entry.text)).toContain('Send to archive was asked for by hand: run 3');
    await archive.stop();
  }, 30_000);

  it('counts the runs of each flow, and keeps its view in the address', async () => {
    await page.getByRole('tab', { name: 'Statistics' }).click();
    const row = page.getByRole('row', { name: /Route/ });
    await row.getByRole('cell', { name: '0.0 % (0)' }).waitFor();
    await row.getByRole('img', { name: /2 sent, 0 failed/ }).waitFor();
    await open.shot('runs-statistics');
    expect(page.url()).toContain('view=statistics');
    await page.reload();
    await page.getByRole('row', { name: /Route/ }).waitFor();
    await page.getByRole('tab', { name: 'Queue and history' }).click();
    await page.getByRole('link', { name: '2', exact: true }).waitFor();
    await open.shot('runs-all');
    expect(open.complaints).toEqual([]);
  }, 30_000);
});
