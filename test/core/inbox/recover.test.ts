import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, storescu } from '../../helpers/dcmtk.ts';
import { makeStudy } from '../../helpers/dicom-maker.ts';
import { type Receiver, startReceiver } from '../../helpers/receiver.ts';

let root: string;
let data: string;
let receiver: Receiver | undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gantry-recover-'));
  data = join(root, 'data');
});
afterEach(async () => {
  await receiver?.stop();
  receiver = undefined;
  rmSync(root, { recursive: true, force: true });
});

const start = async () => {
  receiver = await startReceiver({ directory: data });
  return receiver;
};
/** What a power cut leaves: files, and an index that has lost its last commits. */
async function receiveThenForget(
  instances: number,
  forget: string[],
): Promise<{ path: string; sop_instance_uid: string }[]> {
  const first = await start();
  makeStudy({ directory: join(root, 'study'), instances });
  expect((await storescu(first.port, [join(root, 'study')])).code).toBe(0);
  await eventually(() => first.ended.length === 1, 'the end');
  const rows = first.db
    .prepare<[], { path: string; sop_instance_uid: string }>('SELECT path, sop_instance_uid FROM instances ORDER BY id')
    .all();
  for (const sql of forget) first.db.exec(sql);
  await first.stop();
  receiver = undefined;
  return rows;
}
const forgetAll = ['DELETE FROM instances', 'DELETE FROM series', 'DELETE FROM studies'];
const lines = ({ log }: Receiver) =>
  log
    .recent(50)
    .map(item => item.line)
    .join('\n');

describe('after a power cut', () => {
  it('indexes stored files whose rows were lost, with their association, and ends it as lost', async () => {
    const rows = await receiveThenForget(4, [
      ...forgetAll,
      "UPDATE associations SET outcome = 'open', ended_at = NULL, stored = 0, bytes = 0",
    ]);
    const again = await start();
    const found = again.db.prepare<[], { path: string }>('SELECT path FROM instances').all();
    expect(found.map(row => row.path).sort()).toEqual(rows.map(row => row.path).sort());
    expect(again.db.prepare('SELECT instance_count, series_count FROM studies').get()).toEqual({
      instance_count: 4,
      series_count: 1,
    });
    expect(again.db.prepare('SELECT id, outcome, stored, calling_ae FROM associations').all()).toEqual([
      { id: 1, outcome: 'lost', stored: 4, calling_ae: 'STORESCU' },
    ]);
    expect(again.landed.map(item => item.associationId)).toEqual([1, 1, 1, 1]);
    expect(again.ended).toMatchObject([
      { outcome: 'lost', association: { id: 1, callingAe: 'STORESCU', host: '127.0.0.1' } },
    ]);
    expect(lines(again)).toContain('4 stored files without an index row were indexed');
  });

  it('makes the row of the association again when that was lost too', async () => {
    await receiveThenForget(2, [...forgetAll, 'DELETE FROM associations']);
    const again = await start();
    expect(again.db.prepare('SELECT outcome, stored, calling_ae, called_ae FROM associations').all()).toEqual([
      { outcome: 'lost', stored: 2, calling_ae: 'STORESCU', called_ae: 'GANTRY' },
    ]);
  });

  it('changes nothing the second time', async () => {
    await receiveThenForget(2, [...forgetAll, "UPDATE associations SET outcome = 'open'"]);
    await (await start()).stop();
    const third = await start();
    expect(third.landed).toEqual([]);
    expect(third.ended).toEqual([]);
    expect(third.db.prepare('SELECT count(*) AS n FROM instances').get()).toEqual({ n: 2 });
  });

  it('takes a second file with the same data set for the duplicate it is', async () => {
    const [row] = await receiveThenForget(1, []);
    const path = join(data, row?.path ?? '');
    copyFileSync(path, join(dirname(path), 'again.dcm'));
    const again = await start();
    expect(again.landed).toMatchObject([{ outcome: 'duplicate', path: row?.path }]);
    expect(readdirSync(dirname(path))).toHaveLength(1);
  });

  it.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ['a data set that is cut', bytes => bytes.subarray(0, bytes.length - 10), /not as long/],
    [
      'a data set with a page of zeros',
      bytes => Buffer.concat([bytes.subarray(0, bytes.length - 200), Buffer.alloc(200)]),
      /not the one its seal says/,
    ],
    [
      'no seal',
      bytes => {
        const at = bytes.indexOf('{"version":1');
        return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(640), bytes.subarray(at + 640)]);
      },
      /no seal/,
    ],
    ['nothing in it', () => Buffer.alloc(0), /empty/],
  ])('puts a file with %s into quarantine, and says so', async (_, change, reason) => {
    const [row] = await receiveThenForget(1, forgetAll);
    const path = join(data, row?.path ?? '');
    writeFileSync(path, change(readFileSync(path)));
    const again = await start();
    expect(again.db.prepare('SELECT count(*) AS n FROM instances').get()).toEqual({ n: 0 });
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(join(data, 'quarantine'))).toHaveLength(1);
    expect(lines(again)).toMatch(reason);
  });
});

describe('at start', () => {
  it('removes objects that were still arriving', async () => {
    mkdirSync(join(data, 'incoming'), { recursive: true });
    writeFileSync(join(data, 'incoming', 'x.part'), 'half');
    const started = await start();
    expect(readdirSync(join(data, 'incoming'))).toEqual([]);
    expect(lines(started)).toContain('1 unfinished objects');
  });

  it('does not look at files from before the mark', async () => {
    await receiveThenForget(1, forgetAll);
    const first = await start();
    expect(first.landed).toHaveLength(1);
    first.db.exec(forgetAll.join(';'));
    first.db.prepare("INSERT OR REPLACE INTO facts VALUES ('inbox.durable', '99991231/2359')").run();
    await first.stop();
    const second = await start();
    expect(second.landed).toEqual([]);
    expect(second.db.prepare("SELECT value FROM facts WHERE key = 'inbox.durable'").get()).not.toEqual({
      value: '99991231/2359',
    });
  });
});
