import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlowFile } from '../../shared/schemas/flows.ts';
import { eventually, freePort, startStorescp, storescu } from '../helpers/dcmtk.ts';
import { makeStudy } from '../helpers/dicom-maker.ts';
import { type Headless, startHeadless } from '../helpers/headless.ts';

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The console in real Chromium on the built headless door. */
describe('console', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-console-'));
  let browser: Browser;
  let gantry: Headless;
  let httpPort: number;
  const complaints: string[] = [];
  const start = () =>
    startHeadless({
      dataDirectory: join(directory, 'data'),
      httpPort,
      more: ['--token-file', join(directory, 'token')],
      environment: { GANTRY_MIN_FREE_BYTES: '0', GANTRY_BREAKER_FAILURES: '1' },
    });

  /** A page on an address of the console; what it complains of is kept. */
  async function open(
    path: string,
    context: Parameters<Browser['newContext']>[0] = {},
  ): Promise<{ page: Page; context: BrowserContext }> {
    const opened = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...context });
    const page = await opened.newPage();
    page.on('console', message => {
      if (['error', 'warning'].includes(message.type())) complaints.push(`${path}: ${message.text()}`);
    });
    page.on('pageerror', error => complaints.push(`${path}: ${error.message}`));
    const { origin, hash } = new URL(gantry.url);
    await page.goto(`${origin}${path}${hash}`);
    return { page, context: opened };
  }

  beforeAll(async () => {
    httpPort = await freePort();
    gantry = await start();
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await gantry?.stop();
    rmSync(directory, { recursive: true, force: true });
  }, 30_000);

  it('tells the first steps, with the command for this very listener', async () => {
    const { page, context } = await open('/');
    await page.getByText('Ready to receive').waitFor();
    expect(await page.locator('pre').innerText()).toContain(
      `storescu -aec GANTRY +sd +r 127.0.0.1 ${gantry.dicomPort}`,
    );
    // The token has left the address bar, and a reload still works.
    expect(page.url()).not.toContain('token');
    await page.reload();
    await page.getByText('Ready to receive').waitFor();
    await context.close();
  });

  it('writes a flow, marks what is wrong in it, and explains it on what was received', async () => {
    const { page, context } = await open('/flows');
    await page.getByRole('button', { name: 'New flow' }).click();
    await page.getByLabel('File name').fill('thorax/first.yml');
    await page.getByRole('dialog').getByRole('button', { name: 'New flow' }).click();
    const editor = page.getByRole('textbox', { name: 'thorax/first.yml' });
    await editor.click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText('triggers:\n  - Modality: "CT("\nmodels: []\n');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Line 2' }).waitFor();
    await page.locator('.cm-lint-marker-error').waitFor();

    await editor.click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText(
      'name: First\ntriggers:\n  - Modality: ^CT$\nmodels: []\ndestinations:\n  - folder: out\n',
    );
    // What was typed survives a reload of the page.
    await page.reload();
    await page.getByText('Unsaved changes').waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Valid.').waitFor();
    expect(await gantry.get<FlowFile>('/api/flows/thorax/first.yml')).toMatchObject({ name: 'First', valid: true });

    makeStudy({ directory: join(directory, 'ct'), instances: 3, patientName: 'Console^Test' });
    await storescu(gantry.dicomPort, [join(directory, 'ct')]);
    await eventually(async () => (await gantry.get<{ total: number }>('/api/runs?code=4')).total === 1, 'the sent run');
    await page.reload();
    await page.getByPlaceholder('Choose a received batch').click();
    await page.getByRole('option').first().click();
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByText('It fires').waitFor();
    await context.close();
  }, 60_000);

  it('shows every page in light and dark without a complaint', async () => {
    const studies = await gantry.get<{ items: { studyInstanceUid: string }[] }>('/api/studies');
    const pages: [path: string, text: string][] = [
      ['/', 'Latest runs'],
      ['/studies', 'Console, Test'],
      [`/studies/${studies.items[0]?.studyInstanceUid}`, 'Axial 5 mm'],
      ['/runs', 'First'],
      ['/runs/1', 'Flow as it ran'],
      ['/flows', 'thorax/first.yml'],
      ['/flows/thorax/first.yml', 'Would it fire, and why?'],
      ['/peers', 'No peer yet'],
      ['/settings', 'RETRY_ATTEMPTS'],
      ['/log', 'listening as GANTRY'],
    ];
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const [path, text] of pages) {
        const { page, context } = await open(path, { colorScheme });
        await page.getByText(text).first().waitFor();
        expect(await page.locator('html').getAttribute('data-mantine-color-scheme')).toBe(colorScheme);
        expect(
          await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth),
          `${path} overflows`,
        ).toBe(true);
        await context.close();
      }
    }
  }, 120_000);

  it('shows a run as it goes, and its deliveries by instance', async () => {
    const { page, context } = await open('/runs/1');
    await page.getByRole('tab', { name: 'Deliveries (3 / 3)' }).click();
    expect(await page.getByText('Written and synced').count()).toBe(3);
    await context.close();
  });

  it('keeps peers, and tests them', async () => {
    const { page, context } = await open('/peers');
    await page.getByRole('button', { name: 'Add peer' }).click();
    await page.getByLabel('Name').fill('self');
    await page.getByLabel('AE title').fill('GANTRY');
    await page.getByLabel('Host').fill('127.0.0.1');
    await page.getByLabel('Port').fill(String(gantry.dicomPort));
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'C-ECHO' }).click();
    await page.getByText('answered in').waitFor();
    await context.close();
  });

  it('tells of a destination that is left alone, and tries it at a word', async () => {
    const away = await freePort();
    await gantry.put('/api/flows/away.yml', {
      text: `triggers: [{ StudyDescription: ^Away$ }]\nmodels: []\ndestinations: [{ host: 127.0.0.1, port: ${away}, ae_title: AWAY }]\n`,
    });
    makeStudy({ directory: join(directory, 'away'), instances: 1, studyDescription: 'Away' });
    await storescu(gantry.dicomPort, [join(directory, 'away')]);
    const { page, context } = await open('/');
    await page.getByText('Destinations left alone').waitFor();
    const scp = await startStorescp(join(directory, 'back'), { port: away, aeTitle: 'AWAY' });
    await page.getByRole('button', { name: 'Try now' }).click();
    await page.getByText('Destinations left alone').waitFor({ state: 'detached' });
    await eventually(() => scp.received().length === 1, 'the instance at its destination');
    await scp.stop();
    await context.close();
  }, 60_000);

  it('complains of nothing', () => {
    expect(complaints).toEqual([]);
  });

  it('says that the connection is lost, and heals when the core is back', async () => {
    const { page, context } = await open('/runs');
    await page.getByText('First').first().waitFor();
    await gantry.kill9();
    await page.getByText('Connection lost').waitFor();
    gantry = await start();
    await page.getByText('Connection lost').waitFor({ state: 'detached' });
    makeStudy({ directory: join(directory, 'again'), instances: 1 });
    await storescu(gantry.dicomPort, [join(directory, 'again')]);
    // Told by the stream that was opened anew.
    await page.getByRole('link', { name: '4', exact: true }).waitFor();
    await context.close();
  }, 60_000);
});
