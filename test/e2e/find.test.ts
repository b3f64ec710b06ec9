import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, storescu } from '../helpers/dcmtk.ts';
import { makeStudy } from '../helpers/dicom-maker.ts';
import { type Headless, startHeadless } from '../helpers/headless.ts';

/** Everything by name, without a mouse, in real Chromium on the built headless door. */
describe('finding', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-find-'));
  let browser: Browser;
  let gantry: Headless;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    gantry = await startHeadless({
      dataDirectory: join(directory, 'data'),
      environment: { GANTRY_MIN_FREE_BYTES: '0' },
    });
    await gantry.put('/api/flows/ct/thorax.yml', { text: 'name: Thorax to archive\nmodels: []\n' });
    makeStudy({ directory: join(directory, 'study'), instances: 1, patientName: 'Curie^Marie', patientId: 'P-77' });
    await storescu(gantry.dicomPort, [join(directory, 'study')]);
    await eventually(async () => (await gantry.get<{ total: number }>('/api/runs')).total === 1, 'the run');
    const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.on('console', message => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', error => complaints.push(error.message));
    const { origin, hash } = new URL(gantry.url);
    await page.goto(`${origin}/${hash}`);
    await page.getByRole('button', { name: 'Find' }).waitFor();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await gantry?.stop();
    rmSync(directory, { recursive: true, force: true });
  }, 30_000);

  it.each([
    ['curie', 'Curie, Marie', /\/studies\/[0-9.]+$/],
    ['thorax', 'Thorax to archive', /\/flows\/ct%2Fthorax\.yml$/],
    ['#1', '#1 Thorax to archive', /\/runs\/1$/],
    ['retry_att', 'RETRY_ATTEMPTS', /\/settings\?key=RETRY_ATTEMPTS$/],
    ['statis', 'Statistics', /\/runs\?view=statistics$/],
  ])('goes from %s to its page by the keyboard alone', async (text, option, address) => {
    await page.keyboard.press('ControlOrMeta+k');
    const box = page.getByRole('textbox', { name: 'Find a study' });
    await box.and(page.locator(':focus')).waitFor();
    await page.keyboard.type(text);
    await page.getByRole('option', { name: option }).waitFor();
    if (process.env.GANTRY_SCREENSHOTS && text === 'curie') {
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: join(process.env.GANTRY_SCREENSHOTS, `find-${colorScheme}.png`) });
      }
    }
    await page.keyboard.press('Enter');
    await page.waitForURL(address);
    await box.waitFor({ state: 'detached' });
  });

  it('says that nothing has the name, and goes away with Escape', async () => {
    await page.keyboard.press('ControlOrMeta+k');
    await page.getByRole('textbox', { name: 'Find a study' }).and(page.locator(':focus')).waitFor();
    await page.keyboard.type('no such thing');
    await page.getByText('Nothing has this name.').waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('Nothing has this name.').waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
  });
});
