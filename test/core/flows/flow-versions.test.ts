import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFlowFiles, type FlowFiles } from '../../../electron/core/flows/flow-files.ts';
import { createFlowVersions, type FlowVersions } from '../../../electron/core/flows/flow-versions.ts';
import { createLogHub } from '../../../electron/core/logs/index.ts';
import { type Db, openStore } from '../../../electron/core/store/index.ts';
import { flowVersionListSchema } from '../../../shared/schemas/flows.ts';

const text = (version: number) => `name: F\nversion: ${version}\ntriggers:\n  - Modality: CT\n`;

describe('versions of a flow file', () => {
  let root: string;
  let directory: string;
  let db: Db;
  let files: FlowFiles;
  let versions: FlowVersions;
  const start = async () => {
    files = createFlowFiles({ directory, log: createLogHub() });
    versions = createFlowVersions({ directory, files, db, log: createLogHub() });
    await files.start();
  };

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'gantry-flow-versions-'));
    directory = join(root, 'flows');
    db = openStore(join(root, 'gantry.sqlite'));
    await start();
  });
  afterEach(async () => {
    await files.stop();
    db.close();
    rmSync(root, { recursive: true, force: true });
  });
  const told = (file: string) => versions.list(file).items.map(item => item.version);

  it('keeps every save, newest first, and takes none of them for a flow', async () => {
    for (const number of [1, 2, 3]) await files.save('site/f.yml', text(number));
    const list = flowVersionListSchema.parse(versions.list('site/f.yml'));
    expect(list.items.map(item => [item.version, item.name, item.valid])).toEqual([
      ['3', 'F', true],
      ['2', 'F', true],
      ['1', 'F', true],
    ]);
    expect(versions.get('site/f.yml', list.items[1]?.id ?? '').text).toBe(text(2));
    expect(files.list().map(item => item.file)).toEqual(['site/f.yml']);
    expect(readdirSync(join(directory, '.versions/site/f.yml'))).toHaveLength(3);
  });

  it('counts a text that comes back, but not one that did not change', async () => {
    for (const number of [1, 1, 2, 1]) await files.save('f.yml', text(number));
    expect(told('f.yml')).toEqual(['1', '2', '1']);
  });

  it('keeps what another program wrote, also while Gantry was not there, and what is invalid', async () => {
    await files.save('f.yml', text(1));
    writeFileSync(join(directory, 'f.yml'), text(2));
    files.list();
    await files.stop();
    writeFileSync(join(directory, 'f.yml'), 'name: [');
    await start();
    expect(versions.list('f.yml').items.map(item => [item.version, item.valid])).toEqual([
      ['', false],
      ['2', true],
      ['1', true],
    ]);
  });

  it('keeps the versions of a deleted file', async () => {
    await files.save('f.yml', text(1));
    await files.remove('f.yml');
    expect(told('f.yml')).toEqual(['1']);
  });

  it('tells which runs used which version', async () => {
    for (const number of [1, 2]) await files.save('f.yml', text(number));
    db.exec(`INSERT INTO batches (id, collect, key, state, complete, calling_ae, called_ae, host, opened_at, last_at)
      VALUES (1, 'association', 'k', 'evaluated', 1, 'A', 'B', 'h', 0, 0)`);
    const run =
      db.prepare(`INSERT INTO runs (uid, batch_id, flow_file, flow_name, flow_version, flow_text, priority, state, code, created_at)
      VALUES (?, 1, 'f.yml', 'F', '', ?, 0, 'sent', 4, 0)`);
    run.run('a', text(1));
    run.run('b', text(2));
    run.run('c', text(1));
    expect(versions.list('f.yml').items.map(item => [item.version, item.runCount, item.runIds])).toEqual([
      ['2', 1, [2]],
      ['1', 2, [3, 1]],
    ]);
  });

  it('refuses names that are none', async () => {
    await files.save('f.yml', text(1));
    expect(() => versions.get('f.yml', '../../gantry.sqlite')).toThrow(/no version/);
    expect(() => versions.list('../f.yml')).toThrow(/flow file name/);
  });
});
