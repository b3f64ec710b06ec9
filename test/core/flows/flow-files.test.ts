import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFlowFiles, type FlowFiles } from '../../../electron/core/flows/flow-files.ts';
import { createLogHub, type LogHub } from '../../../electron/core/logs/index.ts';
import { AppError } from '../../../shared/problems.ts';
import { flowFileSchema, flowListSchema } from '../../../shared/schemas/flows.ts';

const good = (name = 'F') => `name: ${name}\ntriggers:\n  - Modality: CT\n`;

describe('flow files', () => {
  let root: string;
  let directory: string;
  let log: LogHub;
  let files: FlowFiles;

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'gantry-flow-files-'));
    directory = join(root, 'flows');
    log = createLogHub();
    files = createFlowFiles({ directory, log });
    await files.start();
  });
  afterEach(async () => {
    await files.stop();
    rmSync(root, { recursive: true, force: true });
  });

  const put = (file: string, text: string | Buffer) => {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), text);
  };
  const names = () => files.list().map(item => item.file);
  const codeOf = async (work: () => unknown): Promise<string> => {
    try {
      await work();
    } catch (error) {
      if (error instanceof AppError) return error.code;
      throw error;
    }
    return 'none';
  };

  it('finds .yml and .yaml at any depth, in name order, and nothing else', () => {
    for (const file of ['b.yml', 'a.yaml', 'site/x.yml', 'site/deep/y.YML']) put(file, good());
    for (const file of ['README.md', 'c.yml.bak', '.hidden.yml', '.git/z.yml', 'd.json']) put(file, 'no flow');
    mkdirSync(join(directory, 'folder.yml'));
    expect(names()).toEqual(['a.yaml', 'b.yml', 'site/deep/y.YML', 'site/x.yml']);
  });

  it('loads each file on its own: a broken one does not stop the others', () => {
    put('a.yml', good('A'));
    put('b.yml', 'name: "x\nversion: 1\n');
    put('c.yml', Buffer.from([0x6e, 0x3a, 0x20, 0xff, 0xfe]));
    put('d.yml', '');
    put('e.yml', good('E'));
    const list = files.list();
    expect(list.map(item => item.flow?.name ?? item.problems[0]?.what)).toEqual([
      'A',
      'The text that begins here has no closing "',
      'The file is not UTF-8 text',
      'The file is empty',
      'E',
    ]);
    const errors = log
      .recent(50)
      .filter(line => line.level === 'error')
      .map(line => line.line);
    expect(errors).toContain('b.yml line 1, column 7: The text that begins here has no closing "');
    expect(flowListSchema.parse(files.summaries())).toEqual(files.summaries());
    expect(files.summaries().items[1]).toMatchObject({
      file: 'b.yml',
      valid: false,
      enabled: false,
      problems: [{ line: 1, column: 7 }],
    });
  });

  it('keeps patterns, which may name a patient, out of the log', () => {
    put('a.yml', 'triggers:\n  - PatientName: "Doe^John("\n');
    files.list();
    const lines = log.recent(50).map(line => line.line);
    expect(lines).toContain('a.yml line 2, column 18: see triggers[0].PatientName');
    expect(lines.join()).not.toContain('Doe');
  });

  it('sees a change at the next look, even one that keeps size and time', () => {
    put('a.yml', good('A'));
    expect(files.list()[0]?.flow?.name).toBe('A');
    const { atime, mtime } = statSync(join(directory, 'a.yml'));
    for (const name of ['B', 'C', 'D', 'E']) {
      writeFileSync(join(directory, 'a.yml'), good(name));
      utimesSync(join(directory, 'a.yml'), atime, mtime);
      expect(files.list()[0]?.flow?.name).toBe(name);
    }
    renameSync(join(directory, 'a.yml'), join(directory, 'b.yml'));
    expect(names()).toEqual(['b.yml']);
    rmSync(directory, { recursive: true });
    expect(names()).toEqual([]);
    put('c.yml', good());
    expect(names()).toEqual(['c.yml']);
  });

  it('tells of changes by itself', async () => {
    const told: string[][] = [];
    const end = files.onChange(changed => told.push(changed));
    put('a.yml', good('A'));
    const deadline = Date.now() + 10_000;
    while (told.flat().length === 0 && Date.now() < deadline) await new Promise(resolve => setTimeout(resolve, 20));
    expect(told[0]).toEqual(['a.yml']);
    end();
    put('b.yml', good('B'));
    names();
    expect(told.flat()).not.toContain('b.yml');
  });

  it('gives the same object of a flow until its file changes', () => {
    put('a.yml', good());
    const before = files.list()[0]?.flow;
    expect(files.list()[0]?.flow).toBe(before);
    put('a.yml', good('other'));
    expect(files.list()[0]?.flow).not.toBe(before);
  });

  it('saves whole files, also in new folders, and answers as the contract says', async () => {
    const saved = await files.save('site/ct.yml', good('CT'));
    expect(flowFileSchema.parse(saved)).toEqual(saved);
    expect(saved).toMatchObject({ file: 'site/ct.yml', name: 'CT', valid: true, text: good('CT') });
    expect(readFileSync(join(directory, 'site/ct.yml'), 'utf8')).toBe(good('CT'));
    expect(readdirSync(join(directory, 'site'))).toEqual(['ct.yml']);
    expect(files.read('site/ct.yml')).toEqual(saved);
    expect(files.get('site/ct.yml').etag).toBe(saved.etag);
  });

  it('keeps an invalid flow and reports it', async () => {
    const saved = await files.save('a.yml', 'priority: 9\n');
    expect(saved).toMatchObject({ valid: false, text: 'priority: 9\n' });
    expect(saved.problems.some(problem => problem.line === 1 && problem.column === 11)).toBe(true);
    expect(names()).toEqual(['a.yml']);
  });

  it('refuses to save over a change made in between', async () => {
    const first = await files.save('a.yml', good('1'));
    const second = await files.save('a.yml', good('2'), first.etag);
    expect(second.etag).not.toBe(first.etag);
    expect(await codeOf(() => files.save('a.yml', good('3'), first.etag))).toBe('FLOW_CHANGED');
    writeFileSync(join(directory, 'a.yml'), good('by an editor'));
    expect(await codeOf(() => files.save('a.yml', good('3'), second.etag))).toBe('FLOW_CHANGED');
    expect(files.get('a.yml').flow?.name).toBe('by an editor');
    expect((await files.save('a.yml', good('4'))).name).toBe('4');
    expect(await codeOf(() => files.save('new.yml', good(), first.etag))).toBe('FLOW_CHANGED');
  });

  it('lets only one of many savers of the same text win', async () => {
    const { etag } = await files.save('a.yml', good('0'));
    const codes = await Promise.all(
      Array.from({ length: 10 }, (_, i) => codeOf(() => files.save('a.yml', good(`n${i}`), etag))),
    );
    expect(codes.filter(code => code === 'none')).toHaveLength(1);
    expect(codes.filter(code => code === 'FLOW_CHANGED')).toHaveLength(9);
  });

  it('removes a file', async () => {
    await files.save('a.yml', good());
    await files.remove('a.yml');
    expect(names()).toEqual([]);
    expect(await codeOf(() => files.remove('a.yml'))).toBe('FLOW_NOT_FOUND');
    expect(await codeOf(() => files.get('a.yml'))).toBe('FLOW_NOT_FOUND');
  });

  const bad = [
    '',
    '.yml',
    'a.txt',
    'a',
    '../a.yml',
    'x/../../a.yml',
    '/etc/a.yml',
    'a//b.yml',
    './a.yml',
    'x/.hidden.yml',
    'C:\\a.yml',
    'x\\a.yml',
    'a\0.yml',
    'con.yml',
    'a?.yml',
    ' a.yml',
    'x /a.yml',
    `${'a'.repeat(200)}.yml`,
    '1/2/3/4/5/6/7/8/9.yml',
  ];
  it.each(bad)('refuses the name %j', async file => {
    for (const work of [() => files.get(file), () => files.save(file, good()), () => files.remove(file)]) {
      expect(await codeOf(work)).toBe('FLOW_FILE_NAME_INVALID');
    }
    expect(readdirSync(root)).toEqual(['flows']);
  });

  it('never follows a link out of its directory', async () => {
    const outside = join(root, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'secret.yml'), good('SECRET'));
    symlinkSync(outside, join(directory, 'link'));
    symlinkSync(join(outside, 'secret.yml'), join(directory, 'a.yml'));
    symlinkSync(join(outside, 'missing.yml'), join(directory, 'b.yml'));
    const list = files.list();
    expect(list.map(item => item.file)).toEqual(['a.yml']);
    expect(list[0]).toMatchObject({
      text: '',
      flow: null,
      problems: [{ what: 'The file is a link to outside the flows directory' }],
    });
    for (const file of ['link/new.yml', 'link/secret.yml', 'link/deep/new.yml', 'a.yml']) {
      expect(await codeOf(() => files.save(file, good())), file).toBe('FLOW_FILE_NAME_INVALID');
      expect(await codeOf(() => files.remove(file)), file).toBe('FLOW_FILE_NAME_INVALID');
    }
    expect(readdirSync(outside)).toEqual(['secret.yml']);
    expect(readFileSync(join(outside, 'secret.yml'), 'utf8')).toBe(good('SECRET'));
  });

  it('follows a link that stays inside', () => {
    put('real/a.yml', good('A'));
    symlinkSync('real/a.yml', join(directory, 'alias.yml'));
    expect(files.list().map(item => item.flow?.name)).toEqual(['A', 'A']);
  });

  it('looks at 100 files quickly', () => {
    for (let i = 0; i < 100; i++) put(`site-${i % 5}/${i}.yml`, good(String(i)));
    files.list();
    const began = performance.now();
    for (let i = 0; i < 20; i++) expect(files.list()).toHaveLength(100);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});
