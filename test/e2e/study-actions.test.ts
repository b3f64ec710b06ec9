import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Import } from '../../shared/schemas/imports.ts';
import { eventually } from '../helpers/dcmtk.ts';
import { type MadeInstance, makeStudy } from '../helpers/dicom-maker.ts';
import { type OpenConsole, openConsole } from '../helpers/open-console.ts';

/** Export and deletion of a study, by the hand of a user of the built console. */
describe('actions of a study', () => {
  let open: OpenConsole;
  let gantry: OpenConsole['gantry'];
  let page: OpenConsole['page'];
  let directory: string;
  let made: MadeInstance;

  beforeAll(async () => {
    open = await openConsole();
    ({ gantry, page, directory } = open);
    const order = { directory: join(directory, 'made'), instances: 3, patientName: 'Action^Study', patientId: 'ID-77' };
    [made] = makeStudy(order) as [MadeInstance];
    const { id } = await gantry.post<Import>('/api/imports', { paths: [order.directory], evaluate: false });
    await eventually(async () => (await gantry.get<Import>(`/api/imports/${id}`)).state === 'finished', 'the import');
    await open.goto(`/studies/${made.studyInstanceUid}`);
    await page.getByRole('heading', { name: 'Action, Study' }).waitFor();
  }, 60_000);
  afterAll(() => open?.close(), 30_000);

  const choose = async (item: string) => {
    await page.getByRole('button', { name: 'Actions' }).click();
    await page.getByRole('menuitem', { name: item }).click();
  };

  it('downloads a ZIP', async () => {
    const downloading = page.waitForEvent('download');
    await choose('Download as ZIP');
    const download = await downloading;
    expect(download.suggestedFilename()).toMatch(/^gantry-.*\.zip$/);
    const bytes = readFileSync(await download.path());
    expect(bytes.toString('latin1', 0, 2)).toBe('PK');
    expect(bytes.includes('PA000001/ST000001/SE000001/IM000003')).toBe(true);
  });

  it('writes a folder with a DICOMDIR, and says where the path is wrong', async () => {
    await choose('Export to a folder…');
    await page.getByLabel('Folder on the machine').fill(join(directory, 'none'));
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await page.getByText('Create the folder and give Gantry write access').waitFor();
    mkdirSync(join(directory, 'usb'));
    await page.getByLabel('Folder on the machine').fill(join(directory, 'usb'));
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await page.getByText('Exported').waitFor();
    const [name = ''] = readdirSync(join(directory, 'usb'));
    expect(readdirSync(join(directory, 'usb', name)).sort()).toEqual(['DICOMDIR', 'PA000001']);
  });

  it('deletes only when the Patient ID was typed, and keeps the journal', async () => {
    await choose('Delete…');
    const button = page.getByRole('button', { name: 'Delete study' });
    expect(await button.isDisabled()).toBe(true);
    await page.getByLabel('Type the Patient ID to confirm').fill('ID-7');
    expect(await button.isDisabled()).toBe(true);
    await page.getByLabel('Type the Patient ID to confirm').fill('ID-77');
    await button.click();
    await page.getByText('No study has arrived yet.').waitFor();
    await page.goBack();
    await page.getByText(/^Deleted at the console: 3 instances/).waitFor();
    expect(await gantry.status('GET', `/api/studies/${made.studyInstanceUid}`)).toBe(404);
  });
});
