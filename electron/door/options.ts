import { parseArgs } from 'node:util';
import { AppError } from '../../shared/problems.ts';
import type { SettingKey } from '../core/settings/index.ts';

/** What both doors are started with. */
export interface DoorOptions {
  headless: boolean;
  open: boolean;
  dataDirectory: string;
  http: { host: string; port: number };
  tokenFile: string | null;
  /** Settings that the command line decides. */
  settings: Partial<Record<SettingKey, string>>;
}

interface Needs {
  parameters: string[];
  environment: NodeJS.ProcessEnv;
  defaultDataDirectory: string;
}

/** Each option has its variable; the option counts more. @throws OPTION_INVALID */
export function readOptions({ parameters, environment, defaultDataDirectory }: Needs): DoorOptions {
  const given = parse(parameters);
  const text = (name: 'data' | 'http' | 'dicom-port' | 'ae-title' | 'token-file') => {
    const value = given[name] ?? environment[`GANTRY_${name.toUpperCase().replaceAll('-', '_')}`];
    return value === undefined || value === '' ? undefined : String(value);
  };
  const flag = (name: string) => ['1', 'true', 'yes'].includes((environment[name] ?? '').toLowerCase());
  const settings: DoorOptions['settings'] = {};
  // From the environment the settings room reads these two by itself, and names the variable as their origin.
  if (given['dicom-port'] !== undefined) settings.DICOM_PORT = dicomPort(given['dicom-port']);
  if (given['ae-title'] !== undefined) settings.AE_TITLE = aeTitle(given['ae-title']);
  return {
    headless: given.headless === true || flag('GANTRY_HEADLESS'),
    open: given['no-open'] !== true && !flag('GANTRY_NO_OPEN'),
    dataDirectory: text('data') ?? defaultDataDirectory,
    http: address(text('http') ?? '127.0.0.1:0'),
    tokenFile: text('token-file') ?? null,
    settings,
  };
}

function parse(parameters: string[]) {
  try {
    return parseArgs({
      args: parameters,
      options: {
        headless: { type: 'boolean' },
        data: { type: 'string' },
        http: { type: 'string' },
        'dicom-port': { type: 'string' },
        'ae-title': { type: 'string' },
        'token-file': { type: 'string' },
        'no-open': { type: 'boolean' },
      },
    }).values;
  } catch (cause) {
    const option = /'(-[^' ]*)/.exec((cause as Error).message)?.[1] ?? 'the command line';
    const expected =
      'one of --headless, --data, --http, --dicom-port, --ae-title, --token-file, --no-open, as the README says';
    throw new AppError('OPTION_INVALID', { option, value: parameters.join(' '), expected }, { cause });
  }
}

function address(value: string): { host: string; port: number } {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(value) ?? [];
  // Only this machine: there is no TLS on this door; from elsewhere it is reached by SSH forwarding.
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(host) || Number(port) > 65535) {
    throw new AppError('OPTION_INVALID', {
      option: '--http',
      value,
      expected: '127.0.0.1:PORT, with 0 for any free port',
    });
  }
  return { host: host === 'localhost' ? '127.0.0.1' : host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

function dicomPort(value: string): string {
  if (/^\d+$/.test(value) && Number(value) <= 65535) return value;
  throw new AppError('OPTION_INVALID', {
    option: '--dicom-port',
    value,
    expected: 'a port from 1 to 65535, or 0 for any',
  });
}

function aeTitle(value: string): string {
  if (/^[\x20-\x5b\x5d-\x7e]{1,16}$/.test(value) && value.trim() !== '') return value;
  throw new AppError('OPTION_INVALID', {
    option: '--ae-title',
    value,
    expected: '1 to 16 printable ASCII characters without a backslash',
  });
}
