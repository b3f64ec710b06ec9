import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StudyDetail } from '../../shared/schemas/studies.ts';
import { eventually, storescu } from '../helpers/dcmtk.ts';
import { makeStudy } from '../helpers/dicom-maker.ts';
import { type Headless, startHeadless } from '../helpers/headless.ts';

const directory = mkdtempSync(join(tmpdir(), 'gantry-instance-'));
let browser: Browser;
let gantry: Headless;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  gantry = await startHeadless({ dataDirectory: join(directory, 'data'), environment: { GANTRY_MIN_FREE_BYTES: '0' } });
  const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', error => complaints.push(error.message));
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await gantry?.stop();
  rmSync(directory, { recursive: true, force: true });
}, 30_000);

it('shows the elements of an instance, finds one among them, and leads back to the study', async () => {
  const [made] = makeStudy({
    directory: join(directory, 'study'),
    instances: 1,
    patientName: 'Curie^Marie',
    extra: [['00181030', 'LO', 'Abdomen 3 mm']],
  });
  await storescu(gantry.dicomPort, [join(directory, 'study')]);
  const address = `/api/studies/${made?.studyInstanceUid}`;
  await eventually(async () => (await gantry.status('GET', address)) === 200, 'the study');
  expect((await gantry.get<StudyDetail>(address)).instanceCount).toBe(1);
  const { origin, hash } = new URL(gantry.url);
  await page.goto(`${origin}/studies/${made?.studyInstanceUid}${hash}`);
  await page.getByRole('button', { name: 'Instances' }).click();
  await page.getByRole('link', { name: made?.sopInstanceUid ?? '' }).click();
  await page.getByText('Curie^Marie').waitFor();
  await page.getByText('TransferSyntaxUID').waitFor();
  await page.getByRole('textbox', { name: 'Find in tag' }).fill('abdomen');
  await page.getByText('ProtocolName').waitFor();
  await page.getByText('Curie^Marie').waitFor({ state: 'detached' });
  await page.getByText(/^1 of \d+$/).waitFor();
  await page.getByRole('textbox', { name: 'Find in tag' }).fill('0010,0010');
  await page.getByText('Curie^Marie').waitFor();
  await page.getByRole('textbox', { name: 'Find in tag' }).fill('');
  if (process.env.GANTRY_SCREENSHOTS) {
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(process.env.GANTRY_SCREENSHOTS, `instance-${colorScheme}.png`) });
    }
  }
  await page.getByRole('link', { name: 'Back to the study' }).click();
  await page.getByRole('heading', { name: 'Curie, Marie' }).waitFor();
  expect(await gantry.status('GET', '/api/instances/1.2.3/tags')).toBe(404);
  expect(complaints).toEqual([]);
}, 60_000);
