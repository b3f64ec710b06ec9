import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogHub, type LogHub } from '../../../electron/core/logs/index.ts';
import { createSettings, type Settings } from '../../../electron/core/settings/index.ts';
import { eventually } from '../../helpers/dcmtk.ts';

describe('settings', () => {
  let directory: string;
  let log: LogHub;
  const made: Settings[] = [];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'gantry-settings-'));
    mkdirSync(join(directory, 'conf.d'));
    log = createLogHub();
  });
  afterEach(() => {
    for (const settings of made.splice(0)) settings.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const write = (name: string, text: string) => writeFileSync(join(directory, 'conf.d', name), text);
  const start = (
    environment: NodeJS.ProcessEnv = {},
    options: Parameters<typeof createSettings>[0]['options'] = {},
  ) => {
    const settings = createSettings({ dataDirectory: directory, environment, options, log });
    made.push(settings);
    return settings;
  };
  const origin = (settings: Settings, key: string) => settings.list().find(item => item.key === key)?.origin;

  it('are the defaults in an empty directory', () => {
    const settings = start();
    expect(settings.get('AE_TITLE')).toBe('GANTRY');
    expect(settings.get('DICOM_PORT')).toBe(11112);
    expect(settings.get('RETENTION_ENABLED')).toBe(false);
    expect(settings.list().every(item => item.origin === 'default' && item.editable)).toBe(true);
  });

  it('come from files in name order, then the environment, then options, and name where they come from', () => {
    write('20-later.yml', 'AE_TITLE: LATER\nRETRY_ATTEMPTS: 7\n');
    write('10-first.yaml', 'AE_TITLE: FIRST\nMAX_ASSOCIATIONS: 5\nGPUS: [0, 2]\n');
    write('15-empty.yml', '# nothing\n');
    write('notes.txt', 'AE_TITLE: IGNORED\n');
    const settings = start({ GANTRY_RETRY_ATTEMPTS: '9' }, { DICOM_PORT: '4242' });
    expect(settings.get('AE_TITLE')).toBe('LATER');
    expect(settings.get('MAX_ASSOCIATIONS')).toBe(5);
    expect(settings.get('GPUS')).toEqual(['0', '2']);
    expect(settings.get('RETRY_ATTEMPTS')).toBe(9);
    expect(settings.get('DICOM_PORT')).toBe(4242);
    expect(['AE_TITLE', 'MAX_ASSOCIATIONS', 'RETRY_ATTEMPTS', 'DICOM_PORT'].map(key => origin(settings, key))).toEqual([
      'conf.d/20-later.yml',
      'conf.d/10-first.yaml',
      'environment GANTRY_RETRY_ATTEMPTS',
      'option --dicom-port',
    ]);
    expect(
      settings
        .list()
        .filter(item => !item.editable)
        .map(item => item.key)
        .sort(),
    ).toEqual(['DICOM_PORT', 'RETRY_ATTEMPTS']);
  });

  it("reads DicomFlow's GPUS as a text of numbers, and its names", () => {
    write('dicomflow.yml', 'AE_PORT: 10000\nRABBIT_HOSTNAME: localhost\n');
    const settings = start({ GPUS: '0 2 5' });
    expect(settings.get('GPUS')).toEqual(['0', '2', '5']);
    expect(settings.get('DICOM_PORT')).toBe(10000);
    expect(settings.problems()).toEqual([]);
    expect(
      log
        .recent(10)
        .map(line => line.line)
        .join(),
    ).toContain('RABBIT_HOSTNAME is not needed');
  });

  it('name what is wrong in a file and keep the rest of it and of the others', () => {
    write('10-broken.yml', 'AE_TITLE: [\n');
    write('20-wrong.yml', 'AE_TITLE: "a title that is far too long"\nMAX_ASSOCIATIONS: 3\nMAXASSOCIATIONS: 4\n');
    write('30-list.yml', '- 1\n');
    const settings = start();
    expect(settings.get('MAX_ASSOCIATIONS')).toBe(3);
    expect(settings.get('AE_TITLE')).toBe('GANTRY');
    const said = settings.problems().map(problem => `${problem.title}: ${problem.remedy}`);
    expect(said).toHaveLength(3);
    expect(said[0]).toMatch(/conf\.d\/10-broken\.yml.*line \d/s);
    expect(said[1]).toMatch(/AE_TITLE from conf\.d\/20-wrong\.yml.*16 characters/s);
    expect(
      log
        .recent(10)
        .map(line => line.line)
        .join(),
    ).toContain('there is no setting MAXASSOCIATIONS; MAX_ASSOCIATIONS is meant?');
  });

  it.each([
    [{ GANTRY_DICOM_PORT: 'eleven' }, {}, 'environment GANTRY_DICOM_PORT'],
    [{}, { AE_TITLE: 'back\\slash' }, 'option --ae-title'],
  ])('refuse to start with a wrong %o %o', (environment, options, where) => {
    expect(() => start(environment, options)).toThrow(
      expect.objectContaining({ code: 'SETTINGS_INVALID', params: expect.objectContaining({ origin: where }) }),
    );
  });

  it('take a change of a file without a restart', async () => {
    const settings = start();
    const told: string[][] = [];
    settings.onChange(keys => told.push(keys));
    write('50-new.yml', 'RUNS_AT_ONCE: 6\n');
    await eventually(() => settings.get('RUNS_AT_ONCE') === 6, 'the change', 5000);
    expect(told).toContainEqual(['RUNS_AT_ONCE']);
  });

  it('are changed from the console, kept in a file of its own, and reset', () => {
    write('10-site.yml', 'RETRY_ATTEMPTS: 4\n');
    const settings = start({ GANTRY_AE_TITLE: 'FIXED' });
    settings.change({ RETRY_ATTEMPTS: 5, CALLING_HOSTS: ['10.0.0.1'] });
    expect(settings.get('RETRY_ATTEMPTS')).toBe(5);
    expect(origin(settings, 'RETRY_ATTEMPTS')).toBe('conf.d/99-console.yml');
    expect(start().get('CALLING_HOSTS')).toEqual(['10.0.0.1']);
    settings.change({ RETRY_ATTEMPTS: null });
    expect(settings.get('RETRY_ATTEMPTS')).toBe(4);
    expect(readFileSync(join(directory, 'conf.d', '99-console.yml'), 'utf8')).not.toContain('RETRY_ATTEMPTS');
    expect(() => settings.change({ RETRY_ATTEMPTS: 0 })).toThrow(expect.objectContaining({ code: 'SETTINGS_INVALID' }));
    expect(() => settings.change({ AE_TITLE: 'OTHER' })).toThrow(expect.objectContaining({ code: 'SETTINGS_INVALID' }));
    expect(() => settings.change({ NO_SUCH: 1 })).toThrow(expect.objectContaining({ code: 'SETTINGS_INVALID' }));
    expect(settings.get('CALLING_HOSTS')).toEqual(['10.0.0.1']);
  });
});

describe('README', () => {
  it('lists every setting with its default, its unit and what it does', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8');
    const settings = createSettings({
      dataDirectory: mkdtempSync(join(tmpdir(), 'gantry-settings-')),
      environment: {},
      options: {},
      log: createLogHub(),
    });
    const shown = (value: unknown) =>
      value === '' || value === null || (Array.isArray(value) && value.length === 0) ? '' : String(value);
    const rows = settings
      .list()
      .map(
        item => `| \`${item.key}\` | ${[shown(item.default), item.unit].filter(Boolean).join(' ')} | ${item.help} |`,
      );
    settings.stop();
    const table = ['| setting | default | |', '|---|---|---|', ...rows].join('\n');
    expect(readme.split('<!-- settings:begin -->\n')[1]?.split('\n<!-- settings:end -->')[0]).toBe(table);
  });
});
