import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Headless, startHeadless } from '../helpers/headless.ts';

const directory = mkdtempSync(join(tmpdir(), 'gantry-language-'));
let browser: Browser;
let gantry: Headless;

beforeAll(async () => {
  gantry = await startHeadless({ dataDirectory: join(directory, 'data'), environment: { GANTRY_MIN_FREE_BYTES: '0' } });
  const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await gantry?.stop();
  rmSync(directory, { recursive: true, force: true });
}, 30_000);

it('speaks the language of the system, or the one that was chosen in the settings', async () => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'es-MX' });
  const page = await context.newPage();
  const { origin, hash } = new URL(gantry.url);
  await page.goto(`${origin}/settings${hash}`);
  await page.getByRole('heading', { name: 'Ajustes' }).waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('es');
  for (const [link, heading] of [
    ['Resumen', 'Resumen'],
    ['Estudios', 'Estudios'],
    ['Ejecuciones', 'Ejecuciones'],
    ['Flujos', 'Flujos'],
    ['Nodos', 'Nodos'],
    ['Registro', 'Registro'],
  ]) {
    await page.getByRole('link', { name: link, exact: true }).click();
    await page.getByRole('heading', { name: heading, exact: true }).waitFor();
    if (process.env.GANTRY_SCREENSHOTS)
      await page.screenshot({ path: join(process.env.GANTRY_SCREENSHOTS, `es-${link}.png`) });
    const fits = await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
    expect(fits, `${link} overflows`).toBe(true);
  }
  await page.getByRole('link', { name: 'Ajustes', exact: true }).click();
  await page.getByRole('combobox', { name: 'Idioma' }).selectOption('English');
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  await context.close();
}, 60_000);
