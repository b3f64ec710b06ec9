import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, storescu } from '../helpers/dcmtk.ts';
import { makeStudy } from '../helpers/dicom-maker.ts';
import { type OpenConsole, openConsole } from '../helpers/open-console.ts';

/** Everything by name, without a mouse, in real Chromium on the built headless door. */
describe('finding', () => {
  let open: OpenConsole;
  const page = () => open.page;

  beforeAll(async () => {
    open = await openConsole();
    const { gantry, directory } = open;
    await gantry.put('/api/flows/ct/thorax.yml', { text: 'name: Thorax to archive\nmodels: []\n' });
    makeStudy({ directory: join(directory, 'study'), instances: 1, patientName: 'Curie^Marie', patientId: 'P-77' });
    await storescu(gantry.dicomPort, [join(directory, 'study')]);
    await eventually(async () => (await gantry.get<{ total: number }>('/api/runs')).total === 1, 'the run');
    await open.goto('/');
    await page().getByRole('button', { name: 'Find' }).waitFor();
  }, 60_000);
  afterAll(() => open?.close(), 30_000);

  it.each([
    ['curie', 'Curie, Marie', /\/studies\/[0-9.]+$/],
    ['thorax', 'Thorax to archive', /\/flows\/ct%2Fthorax\.yml$/],
    ['#1', '#1 Thorax to archive', /\/runs\/1$/],
    ['retry_att', 'RETRY_ATTEMPTS', /\/settings\?key=RETRY_ATTEMPTS$/],
    ['statis', 'Statistics', /\/runs\?view=statistics$/],
  ])('goes from %s to its page by the keyboard alone', async (text, option, address) => {
    await page().keyboard.press('ControlOrMeta+k');
    const box = page().getByRole('textbox', { name: 'Find a study' });
    await box.and(page().locator(':focus')).waitFor();
    await page().keyboard.type(text);
    await page().getByRole('option', { name: option }).waitFor();
    if (text === 'curie') await open.shot('find');
    await page().keyboard.press('Enter');
    await page().waitForURL(address);
    await box.waitFor({ state: 'detached' });
  });

  it('says that nothing has the name, and goes away with Escape', async () => {
    await page().keyboard.press('ControlOrMeta+k');
    await page().getByRole('textbox', { name: 'Find a study' }).and(page().locator(':focus')).waitFor();
    await page().keyboard.type('no such thing');
    await page().getByText('Nothing has this name.').waitFor();
    await page().keyboard.press('Escape');
    await page().getByText('Nothing has this name.').waitFor({ state: 'detached' });
    expect(open.complaints).toEqual([]);
  });
});
