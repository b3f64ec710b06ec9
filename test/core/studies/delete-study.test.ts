import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../../electron/core/store/index.ts';
import { createRemovals } from '../../../electron/core/studies/index.ts';
import { eventually, freePort } from '../../helpers/dcmtk.ts';
import { makeStudy } from '../../helpers/dicom-maker.ts';
import { type OpenDoor, openDoor } from '../../helpers/open-door.ts';

let door: OpenDoor;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());

async function imported(name: string, evaluate = false): Promise<string> {
  const directory = join(door.dataDirectory, 'made', name);
  const [made] = makeStudy({ directory, instances: 3, patientId: `ID ${name}`, studyDescription: name });
  const { id } = await door.core.imports.start({ paths: [directory], evaluate });
  await eventually(() => door.core.imports.get(id).state === 'finished', 'the import');
  return made?.studyInstanceUid ?? '';
}
const remove = async (uid: string, confirm: string) => {
  const headers = { 'Content-Type': 'application/json' };
  const body = JSON.stringify({ confirm });
  const response = await door.call(`/api/studies/${uid}/delete`, { method: 'POST', headers, body });
  return [response.status, await response.json()];
};
const files = () => {
  const below = readdirSync(join(door.dataDirectory, 'instances'), { recursive: true, encoding: 'utf8' });
  return below.filter(name => name.endsWith('.dcm')).length;
};
const journal = (studyInstanceUid: string) => door.core.journal.list({ studyInstanceUid, limit: 100, offset: 0 }).items;

describe('deleting a study', () => {
  it('asks for the Patient ID or the word, and takes away what is of it and nothing else', async () => {
    const [one, other] = [await imported('one'), await imported('other')];
    for (const wrong of ['', 'id one', 'delete', 'ID other'])
      expect(await remove(one, wrong)).toMatchObject([400, { code: 'DELETE_NOT_CONFIRMED' }]);
    expect(files()).toBe(6);
    expect(await remove(one, 'ID one')).toMatchObject([200, { instances: 3, bytes: expect.any(Number) }]);
    expect(files()).toBe(3);
    expect((await door.call(`/api/studies/${one}`)).status).toBe(404);
    expect(door.core.studies.get(other).instanceCount).toBe(3);
    expect(journal(one).at(-1)).toMatchObject({ event: 'deleted', at: expect.any(Number) });
    expect(journal(one).at(-1)?.text).toMatch(/^Deleted at the console: 3 instances/);
    expect(await remove(one, 'DELETE')).toMatchObject([404, { code: 'STUDY_NOT_FOUND' }]);
    expect(await remove(other, 'DELETE')).toMatchObject([200, {}]);
    expect(files()).toBe(0);
    // It may come again.
    expect(await imported('one')).not.toBe(one);
  });

  it('waits for runs and deliveries, and takes the outputs of its runs along', async () => {
    const port = await freePort();
    const destination = `destinations: [{ host: 127.0.0.1, port: ${port}, ae_title: AWAY }]`;
    const text = `triggers: [{ StudyDescription: ^busy$ }]\nmodels: []\n${destination}\n`;
    await door.core.flows.files.save('busy.yml', text);
    const uid = await imported('busy', true);
    const runs = () => door.core.flows.runs.list({ studyInstanceUid: uid, limit: 10, offset: 0 }).items;
    await eventually(() => runs()[0]?.state === 'sending', 'the run');
    expect(await remove(uid, 'DELETE')).toMatchObject([409, { code: 'STUDY_BUSY', action: `/runs/${runs()[0]?.id}` }]);
    await door.core.flows.queue.cancel(runs()[0]?.id as number);
    expect(await remove(uid, 'DELETE')).toMatchObject([200, { instances: 3 }]);
    expect(existsSync(join(door.dataDirectory, 'runs', String(runs()[0]?.id)))).toBe(false);
  });

  it('is finished at the next start when it was broken off', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'gantry-removals-'));
    const db = openStore(join(directory, 'store.sqlite'));
    const removals = createRemovals({ db, dataDirectory: directory });
    mkdirSync(join(directory, 'runs', '7', 'output'), { recursive: true });
    writeFileSync(join(directory, 'left.dcm'), 'x');
    for (const path of ['runs/7', 'left.dcm', 'gone.dcm']) removals.note(path);
    await createRemovals({ db, dataDirectory: directory }).finish();
    expect(readdirSync(directory)).not.toContain('left.dcm');
    expect(readdirSync(join(directory, 'runs'))).toEqual([]);
    expect(db.prepare('SELECT count(*) AS n FROM removals').get()).toEqual({ n: 0 });
    db.close();
    rmSync(directory, { recursive: true, force: true });
  });
});
