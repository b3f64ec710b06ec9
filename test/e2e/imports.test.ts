import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Import, ImportedFile } from '../../shared/schemas/imports.ts';
import { eventually } from '../helpers/dcmtk.ts';
import { makeStudy } from '../helpers/dicom-maker.ts';
import { type Headless, startHeadless } from '../helpers/headless.ts';
import { hasRealDicom, realDicom } from '../helpers/real-dicom.ts';

/** Dropping and picking in real Chromium, on the built headless door: real folders, by the browser's own drag events. */
describe('imports', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-imports-'));
  let browser: Browser;
  let gantry: Headless;
  let context: BrowserContext;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    gantry = await startHeadless({
      dataDirectory: join(directory, 'data'),
      environment: { GANTRY_MIN_FREE_BYTES: '0' },
    });
    const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    page = await context.newPage();
    page.on('console', message => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', error => complaints.push(error.message));
    const { origin, hash } = new URL(gantry.url);
    await page.goto(`${origin}/studies${hash}`);
    await page.getByText('No study has arrived yet.').waitFor();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await gantry?.stop();
    rmSync(directory, { recursive: true, force: true });
  }, 30_000);

  /** As a file manager does it. */
  async function drop(...files: string[]) {
    const session = await context.newCDPSession(page);
    const data = { items: [], files, dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver'] as const)
      await session.send('Input.dispatchDragEvent', { type, x: 600, y: 400, data });
    await page.getByText('Drop to import').waitFor();
    await session.send('Input.dispatchDragEvent', { type: 'drop', x: 600, y: 400, data });
    await session.detach();
  }
  const start = () => page.getByRole('dialog').getByRole('button', { name: 'Import' }).click();
  const newest = async () => (await gantry.get<{ items: Import[] }>('/api/imports?limit=1')).items[0] as Import;
  const ended = async (id: number) => {
    await eventually(async () => (await newest()).id >= id && (await newest()).state !== 'running', 'the import');
    return newest();
  };
  const report = async (id: number) =>
    (await gantry.get<{ items: ImportedFile[] }>(`/api/imports/${id}/files?limit=1000`)).items;

  it('takes a folder that is dropped, shows what became of it, and fires no flow', async () => {
    await gantry.put('/api/flows/all.yml', { text: 'models: []\ndestinations: [{ folder: out }]\n' });
    const folder = join(directory, 'tüte');
    makeStudy({ directory: join(folder, 'a', 'b'), instances: 120, patientName: 'Dropped^Folder' });
    mkdirSync(join(folder, 'leer'));
    writeFileSync(join(folder, 'notes.txt'), 'no image');
    await drop(folder);
    await page.getByRole('dialog').getByText('tüte').waitFor();
    expect(await page.getByRole('checkbox').isChecked()).toBe(false);
    await start();
    const end = await ended(1);
    expect(end).toMatchObject({ state: 'finished', source: 'upload', label: 'tüte', evaluate: false });
    expect(end).toMatchObject({ foundFiles: 121, doneFiles: 121, imported: 120, notDicom: 1, unreadable: 0 });
    expect(end.doneBytes).toBe(end.foundBytes);
    await page.getByText('120 imported, 1 not DICOM').waitFor();
    await page.getByText('Dropped, Folder').waitFor();
    await page.getByRole('link', { name: 'Report' }).click();
    await page.getByText('tüte/notes.txt').waitFor();
    await page.getByText('it has neither a DICM prefix nor a DICOM data set at its start').waitFor();
    expect((await gantry.get<{ total: number }>('/api/runs')).total).toBe(0);
    await page.getByRole('button', { name: 'Close' }).click();
  }, 60_000);

  it('fires flows when that was ticked', async () => {
    makeStudy({ directory: join(directory, 'ticked'), instances: 2 });
    await drop(join(directory, 'ticked'));
    await page.getByLabel('Let flows run on what is imported').check();
    await start();
    expect(await ended(2)).toMatchObject({ state: 'finished', imported: 2, evaluate: true });
    await eventually(async () => (await gantry.get<{ total: number }>('/api/runs')).total === 1, 'the run');
  }, 60_000);

  const real = hasRealDicom('dropping the published files');
  it.skipIf(!real)(
    'takes real files, a real ZIP among them, and says of every other why not',
    async () => {
      const zip = join(realDicom, 'malformed', 'not_dicom_zip_with_11_mr_slices.zip');
      await drop(join(realDicom, 'transfer-syntaxes'), join(realDicom, 'multiframe'), zip);
      await page.getByRole('dialog').getByText('(3 items)').waitFor();
      await start();
      const end = await ended(3);
      expect(end).toMatchObject({ state: 'finished', counted: true });
      expect(end.imported + end.conflicts).toBeGreaterThan(30);
      expect(end.doneFiles).toBe(end.foundFiles);
      const files = await report(3);
      for (const { file, outcome, reason } of files) expect(reason, `${file} ${outcome}`).toMatch(/^[a-z(].{8,}/i);
      expect(files.filter(({ file }) => file.includes('.zip/'))).toEqual([]);
    },
    60_000,
  );

  it('takes picked files as well', async () => {
    await page.getByRole('link', { name: 'Studies', exact: true }).click();
    const made = makeStudy({ directory: join(directory, 'picked'), instances: 3 });
    await page.getByRole('button', { name: 'Import…' }).click();
    const choosing = page.waitForEvent('filechooser');
    await page.getByRole('menuitem', { name: 'Files, ZIPs…' }).click();
    await (await choosing).setFiles(made.map(({ file }) => file));
    await start();
    await eventually(async () => (await newest()).label === '00001.dcm, 00002.dcm +1', 'the import');
    expect(await ended((await newest()).id)).toMatchObject({ state: 'finished', imported: 3 });
  }, 60_000);

  it('says what to do with a DICOMDIR that comes without its files', async () => {
    const [made] = makeStudy({ directory: join(directory, 'set'), instances: 1 });
    cpSync(made?.file ?? '', join(directory, 'set', 'IM1'));
    await drop(join(realDicom, 'dicomdir', 'DICOMDIR'));
    await start();
    await eventually(async () => (await newest()).label === 'DICOMDIR', 'the import');
    const { id } = await ended((await newest()).id);
    expect((await report(id))[0]).toMatchObject({ outcome: 'not-dicom', reason: expect.stringContaining('DICOMDIR') });
  }, 60_000);

  it('is cancelled in the middle, and keeps what it has', async () => {
    const folder = join(directory, 'many');
    for (let part = 0; part < 10; part++) makeStudy({ directory: join(folder, String(part)), instances: 300 });
    await drop(folder);
    await start();
    const card = page.locator('[data-import]').last();
    await card.getByText(/[1-9]\d* of/).waitFor();
    await card.getByRole('button', { name: 'Cancel' }).click();
    await card.getByText('Cancelled').waitFor();
    const end = await newest();
    expect(end).toMatchObject({ state: 'cancelled' });
    expect(end.imported).toBeGreaterThan(0);
    expect(end.imported).toBeLessThan(3000);
  }, 60_000);

  it('tells only the paths where the window knows them, as in Electron', async () => {
    const electron = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    await electron.addInitScript(
      `window.gantryFiles = { pathOf: file => ${JSON.stringify(directory)} + '/' + file.name };`,
    );
    const window = await electron.newPage();
    const sent: string[] = [];
    window.on('request', request => sent.push(`${request.method()} ${new URL(request.url()).pathname}`));
    const { origin, hash } = new URL(gantry.url);
    await window.goto(`${origin}/${hash}`);
    await window.getByText('Latest runs').waitFor();
    makeStudy({ directory: join(directory, 'by-path', 'deep'), instances: 5 });
    const session = await electron.newCDPSession(window);
    const data = { items: [], files: [join(directory, 'by-path')], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
      await session.send('Input.dispatchDragEvent', { type, x: 600, y: 400, data });
    await window.getByRole('dialog').getByRole('button', { name: 'Import' }).click();
    await window.getByText('5 imported').waitFor();
    expect(await newest()).toMatchObject({ label: 'by-path', source: 'paths', state: 'finished', imported: 5 });
    expect(sent.filter(line => line.startsWith('POST'))).toEqual([]);
    await electron.close();
  }, 60_000);

  it('complains of nothing', () => {
    // A request that the end of the import cut off is told by the browser itself.
    expect(complaints.filter(line => !/net::ERR_|409 \(Conflict\)/.test(line))).toEqual([]);
  });
});
