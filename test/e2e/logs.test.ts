import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogPage, LogSources } from '../../shared/schemas/logs.ts';
import { eventually, storescu } from '../helpers/dcmtk.ts';
import { makeStudy } from '../helpers/dicom-maker.ts';
import { type Headless, startHeadless } from '../helpers/headless.ts';
import { call } from '../testbed/images.mjs';

const socket = process.env.DOCKER_HOST?.replace('unix://', '') || '/var/run/docker.sock';
const script = `
i=1; while [ $i -le 3000 ]; do echo "line $i"; i=$((i+1)); done
echo '{"level":"error","msg":"needle in a haystack","nested":{"deep":true}}'
printf '\\033[31mred words\\033[0m\\n'; echo to stderr >&2
echo "many words $(seq 1 200 | tr '\\n' ' ')"
while :; do sleep 0.05; echo "tick $i"; i=$((i+1)); done`;

describe('the log page', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-logs-e2e-'));
  const complaints: string[] = [];
  let gantry: Headless;
  let browser: Browser;
  let container = '';
  let context: BrowserContext;
  let page: Page;

  async function open(path: string): Promise<void> {
    await context?.close();
    context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
    page = await context.newPage();
    page.setDefaultTimeout(8000);
    page.on('pageerror', error => complaints.push(error.message));
    page.on('console', message => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    const { origin, hash } = new URL(gantry.url);
    await page.goto(`${origin}${path}${hash}`);
  }
  const source = () => `container/${container.slice(0, 12)}`;
  const lines = () => page.locator('.log-text');
  const log = () => page.getByRole('log');

  beforeAll(async () => {
    gantry = await startHeadless({ dataDirectory: join(directory, 'data') });
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    });
    const body = JSON.stringify({ Image: 'busybox', Cmd: ['sh', '-c', script], HostConfig: { NetworkMode: 'none' } });
    const made = await call(socket, 'POST', '/containers/create', body, 'application/json');
    container = (JSON.parse(made.text) as { Id: string }).Id;
    await call(socket, 'POST', `/containers/${container}/start`, '', 'application/json');
    await eventually(
      async () => (await gantry.get<LogSources>('/api/logs/sources')).items.some(({ key }) => key === source()),
      'the container among the sources',
    );
  }, 60_000);
  afterAll(async () => {
    if (container) await call(socket, 'DELETE', `/containers/${container}?force=1&v=1`);
    await browser?.close();
    await gantry?.stop();
    rmSync(directory, { recursive: true, force: true });
  }, 30_000);

  it('reads a container of the engine once it is chosen, and follows it', async () => {
    await open('/log');
    await page.getByText('listening as GANTRY').waitFor();
    expect(await lines().filter({ hasText: 'tick' }).count()).toBe(0);
    await page.getByRole('button', { name: 'All sources' }).click();
    const name = (await gantry.get<LogSources>('/api/logs/sources')).items.find(({ key }) => key === source())?.name;
    await page
      .getByRole('dialog')
      .getByLabel(name as string)
      .check();
    await page.keyboard.press('Escape');
    await lines().filter({ hasText: 'tick' }).last().waitFor();
    const before = await lines().last().innerText();
    await expect.poll(() => lines().last().innerText()).not.toBe(before);
    expect(page.url()).toContain(`source=${source()}`);
  }, 30_000);

  it('stands still when scrolled up, counts the new lines, and goes on at a click', async () => {
    await log().hover();
    await page.mouse.wheel(0, -1500);
    const pill = page.getByRole('button', { name: /^↓ [\d,]+ new lines$/ });
    await pill.waitFor();
    const seen = await lines().allInnerTexts();
    await page.waitForTimeout(700);
    expect(await lines().allInnerTexts()).toEqual(seen);
    await pill.click();
    await pill.waitFor({ state: 'detached' });
    const newest = await lines().last().innerText();
    await expect.poll(() => lines().last().innerText()).not.toBe(newest);
  }, 30_000);

  it('loads older lines back to the first', async () => {
    await expect
      .poll(
        async () => {
          await log().hover();
          await page.mouse.wheel(0, -20_000);
          return log().innerText();
        },
        { timeout: 20_000 },
      )
      .toMatch(/\bline 1\n/);
    await expect(page.getByText('The first line.').count()).resolves.toBe(1);
  }, 30_000);

  it('searches all that is kept, and leads to the lines around a hit by its own address', async () => {
    await page.getByLabel('Search all that is kept').fill('NEEDLE');
    await page.getByText(/^1 match in [\d,]+ lines$/).waitFor();
    await page.getByRole('button', { name: 'Unfold' }).click();
    await page.getByText('"deep": true').waitFor();
    await lines().first().click();
    await page.getByRole('button', { name: 'Show in context' }).click();
    await page.getByText('line 3000').waitFor();
    await page.getByRole('button', { name: 'Copy link' }).click();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(link).toMatch(/\/log\?line=\d+$/);
    await open(link.slice(new URL(link).origin.length));
    await page.locator('.log-chosen').getByText('needle').waitFor();
    expect(await page.locator('.ansi-1').first().innerText()).toBe('red words');
  }, 30_000);

  it('finds expressions, says what is wrong with one, and filters by level and stream', async () => {
    await open(`/log?source=${source()}&find=${encodeURIComponent('^line 29+$')}&regex=1`);
    await page.getByText(/^3 matches in/).waitFor();
    expect(await lines().allInnerTexts()).toEqual(['line 29', 'line 299', 'line 2999']);
    await page.getByLabel('Search all that is kept').fill('(');
    await page.getByText('The search is no regular expression').waitFor();
    await open(`/log?source=${source()}&stream=stderr`);
    await page.getByText('to stderr').waitFor();
    expect(await lines().count()).toBe(1);
    await open(`/log?source=${source()}&level=error`);
    await page.getByText('needle').waitFor();
    expect(await lines().count()).toBe(1);
  }, 30_000);

  it('keeps how lines look, and stays inside the window also with long ones', async () => {
    await open(`/log?source=${source()}&find=many`);
    await page.getByText('many words').waitFor();
    const height = async () => (await page.locator('.log-line').first().boundingBox())?.height ?? 0;
    expect(await height()).toBeGreaterThan(30);
    await page.getByRole('button', { name: 'View' }).click();
    await page.getByLabel('Wrap long lines').uncheck();
    await page.getByLabel('Times').uncheck();
    await expect.poll(height).toBe(19);
    await page.reload();
    await page.getByText('many words').waitFor();
    expect([await height(), await page.locator('.log-time').count()]).toEqual([19, 0]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
    expect(await log().evaluate(box => box.scrollWidth > box.clientWidth)).toBe(true);
  }, 30_000);

  it('downloads what matches, and copies what is loaded', async () => {
    await open(`/log?source=${source()}&find=line`);
    await page.getByText('line 3000').waitFor();
    await page.getByRole('button', { name: 'Download' }).click();
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'What matches the filters' }).click(),
    ]);
    const text = readFileSync(await file.path(), 'utf8')
      .trimEnd()
      .split('\n');
    expect(text).toHaveLength(3000);
    expect(text[0]).toMatch(new RegExp(`Z ${source()} stdout info line 1$`));
    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toMatch(/stdout info line 3000\n$/);
  }, 30_000);

  it('leads from a study to the lines of its associations and runs, and back', async () => {
    await gantry.put('/api/flows/echo.yml', {
      text: 'name: Echo\nmodels:\n  - docker_kwargs: { image: busybox, command: "sh -c \'echo written by the step; cp -r /input/. /output/\'" }\n    pull_before_exec: false\ndestinations: [{ folder: out }]\n',
    });
    makeStudy({ directory: join(directory, 'ct'), instances: 2 });
    await storescu(gantry.dicomPort, [join(directory, 'ct')]);
    await expect
      .poll(async () => (await gantry.get<{ items: { state: string; problem: unknown }[] }>('/api/runs')).items, {
        timeout: 20_000,
      })
      .toMatchObject([{ state: 'sent' }]);
    const { items } = await gantry.get<{ items: { studyInstanceUid: string }[] }>('/api/studies');
    await open(`/studies/${items[0]?.studyInstanceUid}`);
    await page.getByRole('link', { name: 'Log lines' }).click();
    await page.getByText('2 stored').waitFor();
    await page.getByText('written by the step').waitFor();
    await page.getByText(/\d of \d instances confirmed/).waitFor();
    expect(
      await lines()
        .filter({ hasText: /tick|listening/ })
        .count(),
    ).toBe(0);
    await page.getByText('written by the step').click();
    await page.getByRole('link', { name: 'Open run 1' }).click();
    await page.getByText('Flow as it ran').waitFor();
    await page.getByRole('link', { name: 'Log lines' }).click();
    await page.getByText('written by the step').waitFor();
    expect(await page.getByText('2 stored').count()).toBe(0);
  }, 60_000);

  it('complains of nothing', () => {
    expect(complaints).toEqual([]);
  });

  it('keeps its lines when the container is gone and Gantry was started again', async () => {
    await call(socket, 'DELETE', `/containers/${container}?force=1&v=1`);
    const before = await gantry.get<LogPage>(`/api/logs?sources=${source()}&find=line%203000`);
    expect(before.items).toHaveLength(1);
    await gantry.stop();
    gantry = await startHeadless({ dataDirectory: join(directory, 'data') });
    const after = await gantry.get<LogPage>(`/api/logs?sources=${source()}&find=line%203000`);
    expect(after.items).toEqual(before.items);
    container = '';
  }, 30_000);

  it('has the lines of a step once, also when Gantry was killed in the middle of it', async () => {
    const command = "sh -c 'for i in $(seq 1 40); do echo count $i; sleep 0.1; done; cp -r /input/. /output/'";
    const model = `{ docker_kwargs: { image: busybox, command: "${command}" }, pull_before_exec: false }`;
    await gantry.put('/api/flows/echo.yml', { text: `models: [${model}]\ndestinations: [{ folder: out }]\n` });
    makeStudy({ directory: join(directory, 'second'), instances: 1 });
    await storescu(gantry.dicomPort, [join(directory, 'second')]);
    const counted = async () =>
      (await gantry.get<LogPage>('/api/logs?sources=run/2&streams=stdout')).items.map(({ text }) => text);
    await expect.poll(async () => (await counted()).length, { timeout: 20_000 }).toBeGreaterThan(5);
    await gantry.kill9();
    gantry = await startHeadless({ dataDirectory: join(directory, 'data') });
    await expect
      .poll(async () => (await gantry.get<{ state: string }>('/api/runs/2')).state, { timeout: 20_000 })
      .toBe('sent');
    expect(await counted()).toEqual(Array.from({ length: 40 }, (_, n) => `count ${n + 1}`));
  }, 60_000);
});
