import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OpenConsole, openConsole } from '../helpers/open-console.ts';

let open: OpenConsole;
beforeAll(async () => {
  open = await openConsole();
}, 60_000);
afterAll(() => open?.close(), 30_000);

it('speaks the language of the system, or the one that was chosen in the settings', async () => {
  const page = await open.newPage({ locale: 'es-MX' });
  await open.goto('/settings', page);
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
    await open.shot(`es-${link}`, page);
    const fits = await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
    expect(fits, `${link} overflows`).toBe(true);
  }
  await page.getByRole('link', { name: 'Ajustes', exact: true }).click();
  await page.getByRole('combobox', { name: 'Idioma' }).selectOption('English');
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
}, 60_000);
