import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultDataDirectory } from '../../electron/door/data-directory.ts';
import { byteRange } from '../../electron/door/instance-file.ts';
import { readOptions } from '../../electron/door/options.ts';
import { isToken } from '../../electron/door/token.ts';

const read = (parameters: string[], environment: NodeJS.ProcessEnv = {}) =>
  readOptions({ parameters, environment, defaultDataDirectory: '/default' });

describe('start-up options', () => {
  it('have defaults that need nothing', () => {
    expect(read([])).toEqual({
      headless: false,
      open: true,
      dataDirectory: '/default',
      http: { host: '127.0.0.1', port: 0 },
      tokenFile: null,
      settings: {},
    });
  });

  it('come from the command line', () => {
    const words =
      '--headless --data /d --http 127.0.0.1:8080 --dicom-port 104 --ae-title SITE --token-file /t --no-open';
    expect(read(words.split(' '))).toEqual({
      headless: true,
      open: false,
      dataDirectory: '/d',
      http: { host: '127.0.0.1', port: 8080 },
      tokenFile: '/t',
      settings: { DICOM_PORT: '104', AE_TITLE: 'SITE' },
    });
  });

  it('come from the environment, where the command line says nothing', () => {
    const environment = {
      GANTRY_HEADLESS: '1',
      GANTRY_NO_OPEN: 'true',
      GANTRY_DATA: '/from-environment',
      GANTRY_HTTP: 'localhost:81',
      GANTRY_TOKEN_FILE: '/t',
    };
    const found = { headless: true, open: false, tokenFile: '/t', http: { host: '127.0.0.1', port: 81 } };
    expect(read([], environment)).toMatchObject({ ...found, dataDirectory: '/from-environment' });
    expect(read(['--data', '/d', '--http', '[::1]:82'], environment)).toMatchObject({
      dataDirectory: '/d',
      http: { host: '::1', port: 82 },
    });
    expect(read([], { GANTRY_DATA: '' }).dataDirectory).toBe('/default');
  });

  it.each([
    [['--http', '0.0.0.0:80'], '--http'],
    [['--http', '127.0.0.1:65536'], '--http'],
    [['--http', '8080'], '--http'],
    [['--dicom-port', '65536'], '--dicom-port'],
    [['--dicom-port', 'dicom'], '--dicom-port'],
    [['--ae-title', 'SEVENTEEN LETTERS'], '--ae-title'],
    [['--ae-title', 'BACK\\SLASH'], '--ae-title'],
    [['--ae-title', '   '], '--ae-title'],
    [['--unknown'], '--unknown'],
    [['--data'], '--data'],
    [['--headless=no'], '--headless'],
    [['word'], 'the command line'],
  ])('refuses %j by name', (parameters, option) => {
    const refused = { code: 'OPTION_INVALID', params: expect.objectContaining({ option }) };
    expect(() => read(parameters)).toThrow(expect.objectContaining(refused));
  });
});

describe('the data directory of this user', () => {
  it('is where the platform keeps such data', () => {
    expect(defaultDataDirectory({ LOCALAPPDATA: 'C:\\Local' }, 'win32')).toBe(join('C:\\Local', 'Gantry'));
    expect(defaultDataDirectory({}, 'darwin')).toMatch(/Library.Application Support.Gantry$/);
    expect(defaultDataDirectory({ XDG_DATA_HOME: '/xdg' }, 'linux')).toBe('/xdg/gantry');
    expect(defaultDataDirectory({}, 'linux')).toMatch(/\.local\/share\/gantry$/);
  });
});

describe('a token', () => {
  it('is compared whole', () => {
    expect(isToken('abc', 'abc')).toBe(true);
    for (const wrong of ['ab', 'abcd', 'abC', '', undefined]) expect(isToken(wrong, 'abc')).toBe(false);
    expect(isToken(undefined, '')).toBe(false);
  });
});

describe('a range of bytes', () => {
  it.each([
    [undefined, null],
    ['bytes=-', null],
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=5-', { start: 5, end: 9 }],
    ['bytes=5-99', { start: 5, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-99', { start: 0, end: 9 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=6-5', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
  ])('%j of ten bytes', (header, expected) => expect(byteRange(header, 10)).toEqual(expected));
});
