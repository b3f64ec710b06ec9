import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StudyDetail } from '../../shared/schemas/studies.ts';
import { eventually, storescu } from '../helpers/dcmtk.ts';
import { makeStudy } from '../helpers/dicom-maker.ts';
import { type OpenConsole, openConsole } from '../helpers/open-console.ts';

let open: OpenConsole;
beforeAll(async () => {
  open = await openConsole();
}, 60_000);
afterAll(() => open?.close(), 30_000);

it('shows the elements of an instance, finds one among them, and leads back to the study', async () => {
  const { gantry, page, directory, complaints } = open;
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
  await open.goto(`/studies/${made?.studyInstanceUid}`);
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
  await open.shot('instance');
  await page.getByRole('link', { name: 'Back to the study' }).click();
  await page.getByRole('heading', { name: 'Curie, Marie' }).waitFor();
  expect(await gantry.status('GET', '/api/instances/1.2.3/tags')).toBe(404);
  expect(complaints).toEqual([]);
}, 60_000);
