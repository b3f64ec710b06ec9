import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Import } from '../../shared/schemas/imports.ts';
import { makeStudy } from '../helpers/dicom-maker.ts';
import { type OpenDoor, openDoor } from '../helpers/open-door.ts';

let door: OpenDoor;
let file: Buffer;
let id: number;
beforeAll(async () => {
  door = await openDoor();
  const [made] = makeStudy({ directory: join(door.dataDirectory, 'made'), instances: 1, side: 2048 });
  file = readFileSync(made?.file ?? '');
  const body = JSON.stringify({ label: 'sent' });
  const headers = { 'Content-Type': 'application/json' };
  id = ((await (await door.call('/api/imports/uploads', { method: 'POST', body, headers })).json()) as Import).id;
});
afterAll(() => door.close());

const address = (of: number | string, query = 'name=IM1&foundFiles=1&foundBytes=1') =>
  `/api/imports/${of}/files?${query}`;
const send = (path: string, body: BodyInit = new Uint8Array(file), headers = {}) =>
  door.call(path, { method: 'POST', body, headers });

describe('sending a file of an import', () => {
  it('asks for the token, our own origin and an import that runs', async () => {
    const bare = await fetch(`${door.origin}${address(id)}`, { method: 'POST', body: 'x' });
    expect(bare.status).toBe(401);
    expect((await send(address(id), 'x', { Origin: 'http://evil.example' })).status).toBe(403);
    const none = await send(address(999));
    expect([none.status, await none.json()]).toMatchObject([404, { code: 'IMPORT_NOT_FOUND' }]);
    expect((await send(address('x'))).status).not.toBe(204);
    const nameless = await send(address(id, 'foundFiles=1&foundBytes=1'));
    expect([nameless.status, await nameless.json()]).toMatchObject([400, { code: 'REQUEST_INVALID' }]);
  });

  it('takes more than a call may hold, and stores it as it is', async () => {
    expect(file.length).toBeGreaterThan(8 * 2 ** 20);
    expect((await send(address(id))).status).toBe(204);
    expect(door.core.imports.get(id)).toMatchObject({ imported: 1, doneBytes: file.length });
    const [study] = door.core.studies.list({ limit: 1, offset: 0, sort: '-studyDate' }).items;
    const { series } = door.core.studies.get(study?.studyInstanceUid ?? '');
    const instance = series[0]?.instances[0];
    const { path } = door.core.studies.instanceFile(instance?.sopInstanceUid ?? '');
    const stored = readFileSync(path);
    expect(stored.subarray(-(instance?.bytes ?? 0)).equals(file.subarray(-(instance?.bytes ?? 0)))).toBe(true);
  });

  it('leaves nothing of what broke off', async () => {
    const asked = request(`${door.origin}${address(id)}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${door.token}`, 'Content-Length': file.length },
    });
    asked.on('error', () => {});
    asked.write(file.subarray(0, 2 ** 20));
    await new Promise(resolve => setTimeout(resolve, 100));
    asked.destroy();
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(door.core.imports.get(id)).toMatchObject({ state: 'running', doneFiles: 1 });
    expect(await door.core.imports.finish({ id, foundFiles: 1, foundBytes: 1 })).toMatchObject({ state: 'finished' });
    const late = await send(address(id));
    expect([late.status, await late.json()]).toMatchObject([409, { code: 'IMPORT_ENDED' }]);
  });
});
