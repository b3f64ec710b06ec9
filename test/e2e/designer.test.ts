import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlowFile } from '../../shared/schemas/flows.ts';
import type { RunDetail } from '../../shared/schemas/runs.ts';
import { eventually, storescu } from '../helpers/dcmtk.ts';
import { makeStudy } from '../helpers/dicom-maker.ts';
import { type Headless, startHeadless } from '../helpers/headless.ts';

const flags = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'];

const flow = `# Of the PACS team
name: Drawn   # shown in lists
x-owner: radiology

triggers:
  - Modality: ^CT$   # computed tomography
    StudyDescription: "Head|Thorax"

models: []

# Where it goes
destinations:
  - folder: out
`;

/** The flow designer in real Chromium: the drawing, the inspector and the YAML are one flow. */
describe('flow designer', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-designer-'));
  let browser: Browser;
  let gantry: Headless;
  const complaints: string[] = [];

  async function open(path: string): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1360, height: 860 } });
    page.on('console', message => {
      if (['error', 'warning'].includes(message.type())) complaints.push(`${path}: ${message.text()}`);
    });
    page.on('pageerror', error => complaints.push(`${path}: ${error.message}`));
    const { origin, hash } = new URL(gantry.url);
    await page.goto(`${origin}${path}${hash}`);
    return page;
  }
  const node = (page: Page, name: RegExp) => page.locator('.react-flow__node').filter({ hasText: name });
  const inspector = (page: Page) => page.getByRole('region', { name: 'Inspector' });
  const saved = () => gantry.get<FlowFile>('/api/flows/drawn.yml');
  const save = async (page: Page) => {
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Unsaved changes').waitFor({ state: 'detached' });
    return (await saved()).text;
  };
  /** The saved flow, opened anew. */
  async function openDrawn(text = flow): Promise<Page> {
    await gantry.put('/api/flows/drawn.yml', { text });
    const page = await open('/flows/drawn.yml');
    await node(page, /Trigger 1/).waitFor();
    return page;
  }

  beforeAll(async () => {
    gantry = await startHeadless({
      dataDirectory: join(directory, 'data'),
      environment: { GANTRY_MIN_FREE_BYTES: '0' },
    });
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await gantry?.stop();
    rmSync(directory, { recursive: true, force: true });
  }, 30_000);

  it('draws what the YAML says, and writes what the inspector says, keeping every comment', async () => {
    const page = await openDrawn();
    expect(await page.locator('.react-flow__edge').count()).toBe(1);
    await node(page, /Trigger 1/).click();
    await inspector(page).getByLabel('Pattern Modality').fill('^(CT|MR)$');
    await node(page, /\^\(CT\|MR\)\$/).waitFor();
    await node(page, /^Drawn/).click();
    await inspector(page).getByLabel('Name').fill('Renamed');
    await node(page, /^Renamed/).waitFor();
    expect(await save(page)).toBe(flow.replace('Drawn   #', 'Renamed   #').replace('^CT$ ', '^(CT|MR)$ '));
    await page.close();
  }, 60_000);

  it('adds, removes by key, and undoes each as one', async () => {
    const page = await openDrawn();
    await page.getByRole('button', { name: 'Add model' }).click();
    await node(page, /Model 1/).waitFor();
    await page.getByRole('button', { name: 'Add destination' }).click();
    await expect.poll(() => page.locator('.react-flow__edge').count()).toBe(3);
    await inspector(page).getByLabel('Folder').fill('second');
    await node(page, /second/).focus();
    await page.keyboard.press('Delete');
    await node(page, /second/).waitFor({ state: 'detached' });
    await node(page, /Model 1/).focus();
    await page.keyboard.press('ControlOrMeta+z');
    await node(page, /second/).waitFor();
    await page.keyboard.press('ControlOrMeta+Shift+z');
    await node(page, /second/).waitFor({ state: 'detached' });
    expect(await save(page)).toBe(flow.replace('models: []\n', 'models:\n  - docker_kwargs:\n      image: busybox\n'));
    await page.close();
  }, 60_000);

  it('draws what is typed into the YAML; while it cannot be read, what was there stays and says so', async () => {
    const page = await openDrawn();
    const editor = page.getByRole('textbox', { name: 'drawn.yml' });
    await editor.click();
    await page.keyboard.press('ControlOrMeta+End');
    await page.keyboard.insertText('  - host: 127.0.0.1\n    port: 99999\n    ae_title: PACS\n');
    await node(page, /PACS @ 127.0.0.1:99999/).waitFor();
    // What the core says of it stands at its node, in its field and at its line.
    await node(page, /PACS/).locator('.flow-node-errors').waitFor();
    await page.locator('.cm-lint-marker-error').waitFor();
    await node(page, /PACS/).click();
    await inspector(page).getByText('not a whole number from 1 to 65535').waitFor();
    await inspector(page).getByLabel('Port').fill('11112');
    await page.locator('.cm-lint-marker-error').waitFor({ state: 'detached' });

    await editor.click();
    await page.keyboard.press('ControlOrMeta+Home');
    await page.keyboard.insertText('broken: [\n');
    await page.getByText('The YAML cannot be read').waitFor();
    await node(page, /PACS @ 127.0.0.1:11112/).waitFor();
    expect(await page.getByRole('button', { name: 'Add model' }).isDisabled()).toBe(true);
    await page.keyboard.press('ControlOrMeta+z');
    await page.getByText('The YAML cannot be read').waitFor({ state: 'detached' });
    await page.close();
  }, 60_000);

  it('completes keys and keywords where they mean something', async () => {
    const page = await openDrawn();
    await page.getByRole('textbox', { name: 'drawn.yml' }).click();
    await page.keyboard.press('ControlOrMeta+Home');
    await page.keyboard.type('tar_s');
    await page.locator('.cm-tooltip-autocomplete').getByText('tar_subdir').waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('computed tomography').click();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.keyboard.type('BodyPartEx');
    await page.locator('.cm-tooltip-autocomplete').getByText('BodyPartExamined').waitFor();
    await page.close();
  }, 60_000);

  it('shows on the drawing whether each key is met by what was received', async () => {
    makeStudy({ directory: join(directory, 'ct'), instances: 2, studyDescription: 'Abdomen' });
    await storescu(gantry.dicomPort, [join(directory, 'ct')]);
    await eventually(
      async () => (await gantry.get<{ total: number }>('/api/batches?state=evaluated')).total === 1,
      'the evaluated batch',
    );
    const page = await openDrawn();
    await page.getByPlaceholder('Choose a received batch').click();
    await page.getByRole('option').first().click();
    await page.getByRole('button', { name: 'Explain' }).click();
    await node(page, /Trigger 1.*✗.*✓ CT.*✗ Abdomen/).waitFor();
    await node(page, /Trigger 1/).click();
    await inspector(page).getByLabel('Pattern StudyDescription').fill('^Abd');
    await node(page, /Trigger 1.*✓.*✓ CT.*✓ Abdomen/).waitFor();
    await page.close();
  }, 60_000);

  it('tests the triggers with a stored study, and with a file that is dropped on the drawing', async () => {
    const page = await openDrawn();
    await page.getByPlaceholder('Test with a stored study').click();
    await page.getByRole('option').first().click();
    await node(page, /Trigger 1.*✗.*✓ CT.*✗ Abdomen/).waitFor();

    const files = makeStudy({ directory: join(directory, 'head'), instances: 1, studyDescription: 'Head' });
    const bytes = [...readFileSync(String(files[0]?.file))];
    const drop = (name: string, content: number[]) =>
      page.evaluate(
        ([called, numbers]) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(numbers)], called));
          const drawing = document.querySelector('.drawing .react-flow') as HTMLElement;
          for (const type of ['dragenter', 'dragover', 'drop']) {
            drawing.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
          }
        },
        [name, content] as const,
      );
    await drop('head.dcm', bytes);
    await page.getByRole('button', { name: 'head.dcm' }).waitFor();
    await node(page, /Trigger 1.*✓.*✓ CT.*✓ Head/).waitFor();
    // It is not imported as it would be anywhere else.
    expect(await page.getByRole('dialog').count()).toBe(0);
    await drop('letter.txt', [...Buffer.from('no DICOM at all '.repeat(20))]);
    await page.getByText('letter.txt is not DICOM').waitFor();
    await page.close();
  }, 60_000);

  it('starts from a sample, duplicates, switches off and on, and deletes', async () => {
    const page = await open('/flows');
    const menuOf = (file: string) => page.getByRole('menu', { name: `Actions for ${file}` });
    await page.getByRole('button', { name: 'New flow' }).click();
    await page.getByRole('radio', { name: 'Two models' }).check();
    await page.getByRole('dialog').getByRole('button', { name: 'New flow' }).click();
    await node(page, /Copy again/).waitFor();
    expect(await gantry.get<FlowFile>('/api/flows/two-models.yml')).toMatchObject({ valid: true, enabled: false });
    await page.getByRole('switch', { name: 'Enabled' }).click();
    await expect
      .poll(async () => (await gantry.get<FlowFile>('/api/flows/two-models.yml')).enabled, { timeout: 5000 })
      .toBe(true);
    await page.getByRole('button', { name: 'Duplicate' }).click();
    await page.getByText('two-models-copy.yml').first().waitFor();
    expect(await gantry.get<FlowFile>('/api/flows/two-models-copy.yml')).toMatchObject({ enabled: false });

    await page.getByRole('link', { name: 'Flows' }).click();
    await page.getByRole('button', { name: 'Actions for two-models.yml' }).click();
    await menuOf('two-models.yml').getByRole('menuitem', { name: 'Disable' }).click();
    await expect
      .poll(async () => (await gantry.get<FlowFile>('/api/flows/two-models.yml')).enabled, { timeout: 5000 })
      .toBe(false);
    await page.getByRole('button', { name: 'Actions for two-models-copy.yml' }).click();
    await menuOf('two-models-copy.yml').getByRole('menuitem', { name: 'Delete flow' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete flow' }).click();
    await page.getByText('two-models-copy.yml').first().waitFor({ state: 'detached' });
    expect(await gantry.status('GET', '/api/flows/two-models-copy.yml')).toBe(404);
    await page.close();
  }, 60_000);

  it('keeps every save: shows what differs, and brings a version back', async () => {
    const page = await openDrawn(flow.replace('Drawn', 'Older'));
    await node(page, /^Older/).click();
    await inspector(page).getByLabel('Name').fill('Newer');
    await save(page);
    await page.getByRole('button', { name: 'Versions' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Exactly what stands in the editor now').waitFor();
    await dialog.locator('button.mantine-NavLink-root').nth(1).click();
    const difference = dialog.getByRole('region', { name: 'Difference' });
    await difference.getByText('- name: Older').waitFor();
    await difference.getByText('+ name: Newer').waitFor();
    await dialog.getByRole('button', { name: 'Put into the editor' }).click();
    await node(page, /^Older/).waitFor();
    expect(await save(page)).toContain('name: Older');
    await page.close();
  }, 60_000);

  it('says before a change is saved on what it would have fired', async () => {
    const page = await openDrawn(flow.replace('^CT$', '^MR$'));
    expect(await page.getByRole('button', { name: 'Back-test' }).isDisabled()).toBe(true);
    await node(page, /Trigger 1/).click();
    await inspector(page).getByLabel('Pattern Modality').fill('^CT$');
    await inspector(page).getByLabel('Pattern StudyDescription').fill('^Abdomen$');
    await page.getByRole('button', { name: 'Back-test' }).click();
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.getByText('Over 1 study: this version fires on 1, the saved one on 0.').waitFor();
    await page.getByRole('region', { name: 'Fires now, did not before' }).getByText('Abdomen').waitFor();
    await page.close();
  }, 60_000);

  it('says when an image is not on the engine, offers those that are, and pulls', async () => {
    const missing = '127.0.0.1:9/nowhere/model:1';
    const models = `models:\n  - docker_kwargs: { image: "${missing}" }\n`;
    const page = await openDrawn(flow.replace('models: []\n', models));
    await node(page, /Model 1.*not here/).click();
    await inspector(page).getByText('This image is not here.').waitFor();
    await inspector(page).getByRole('button', { name: 'Pull' }).click();
    await page.getByText(`Image ${missing} could not be pulled`).waitFor();
    await inspector(page).getByRole('combobox', { name: 'Image' }).fill('busy');
    await page.getByRole('option', { name: 'busybox:latest' }).click();
    await inspector(page).getByText('This image is not here.').waitFor({ state: 'detached' });
    await node(page, /not here/).waitFor({ state: 'detached' });
    expect(await save(page)).toContain('  - docker_kwargs: { image: "busybox:latest" }\n');
    await page.close();
  }, 60_000);

  it('runs what is not saved on a study, and delivers nothing', async () => {
    const models =
      "models:\n  - docker_kwargs: { image: busybox, command: sh -c 'cp -r /input/. /output/' }\n    pull_before_exec: false\n";
    const page = await openDrawn(`${flow.replace('models: []\n', models)}return_to_sender_on_port: 104\n`);
    await node(page, /Trigger 1/).click();
    await inspector(page).getByLabel('Pattern Modality').fill('^NM$');
    await page.getByPlaceholder('Test with a stored study').click();
    await page.getByRole('option').first().click();
    await page.getByRole('button', { name: 'Test run' }).click();
    await page.waitForURL(/\/runs\/\d+$/);
    const id = page.url().split('/').at(-1);
    const detail = () => gantry.get<RunDetail>(`/api/runs/${id}`);
    await eventually(async () => (await detail()).finishedAt !== null, 'the end of the test run', 40_000);
    const run = await detail();
    expect(run).toMatchObject({ flow: 'Test of Drawn', state: 'sent', instanceCount: 2, deliveryItems: [] });
    expect(run.steps.map(step => step.state)).toEqual(['succeeded']);
    expect(run.flowText).toContain('^NM$');
    expect(run.flowText).toContain('# Where it goes');
    // The core takes no one's word for it.
    const studyInstanceUid = run.studyInstanceUids[0];
    const order = { file: 'drawn.yml', text: flow, studyInstanceUid };
    expect(await gantry.status('POST', '/api/flows/test-run', order)).toBe(400);
    await page.close();
  }, 90_000);

  it('complains of nothing', () => {
    expect(complaints).toEqual([]);
  });
});
