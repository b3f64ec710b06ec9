import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ended, eventually } from '../helpers/dcmtk.ts';
import { type Headless, startHeadless } from '../helpers/headless.ts';

const program = resolve(import.meta.dirname, '../../electron/headless.ts');
let folder: string;
let running: Headless | null = null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-headless-'));
});
afterEach(async () => {
  await running?.kill9();
  running = null;
  rmSync(folder, { recursive: true, force: true });
});

const environment = () => ({ DOCKER_HOST: `unix://${join(folder, 'no-docker.sock')}` });
const start = async (more: string[] = []) => {
  const dataDirectory = join(folder, 'data');
  running = await startHeadless({ dataDirectory, environment: environment(), more, fromSource: true });
  return running;
};

/** A start that is meant to fail. */
function failing(parameters: string[], more: Record<string, string> = {}) {
  const words = [program, '--data', join(folder, 'data'), '--dicom-port', '0', ...parameters];
  const env = { ...process.env, ...environment(), ...more };
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { env, encoding: 'utf8', timeout: 20_000 });
  return { status, stdout, lines: stderr.trim().split('\n') };
}

/** Holds a port for as long as `work` takes. */
async function withTakenPort(work: (port: number) => void): Promise<void> {
  const server = createServer();
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  try {
    work((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

describe('the headless door', () => {
  it('says it is ready in one line, when both ports accept', async () => {
    const { url, log, token, get, process: child } = await start();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=[A-Za-z0-9_-]{43}$/);
    expect(await get('/api/health')).toMatchObject({ listener: { listening: true } });
    expect(log()).not.toContain(token);
    expect(child.exitCode).toBeNull();
  });

  it('stops in order on SIGTERM, however often one Ctrl+C arrives', async () => {
    const { process: child, log } = await start();
    const begun = Date.now();
    child.kill('SIGINT');
    await new Promise(wait => setTimeout(wait, 20));
    child.kill('SIGINT');
    await ended(child, 'SIGTERM');
    expect(child.exitCode).toBe(0);
    expect(Date.now() - begun).toBeLessThan(10_000);
    expect(log()).not.toContain('Error');
  });

  it('is the only one on its data directory, and free again after kill -9', async () => {
    const first = await start();
    const second = failing([]);
    expect(second.status).toBe(1);
    expect(second.stdout).toBe('');
    expect(second.lines).toHaveLength(1);
    expect(second.lines[0]).toContain(`process ${first.process.pid}`);
    await first.kill9();
    const { get } = await start();
    expect(await get('/api/health')).toHaveProperty('version');
  });

  it('keeps the token of its file, which is for its owner alone', async () => {
    const file = join(folder, 'token');
    const { token, stop } = await start(['--token-file', file]);
    expect(readFileSync(file, 'utf8').trim()).toBe(token);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await stop();
    chmodSync(file, 0o644);
    const again = await start(['--token-file', file]);
    expect(again.token).toBe(token);
    await eventually(() => again.log().includes('mode 0600'), 'the warning');
  });
});

describe('a start that cannot be', () => {
  const oneLine = ({ status, stdout, lines }: ReturnType<typeof failing>, words: RegExp) => {
    expect(lines.filter(line => !/^\d{4}-/.test(line))).toEqual([expect.stringMatching(words)]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  };

  it('names the wrong option and what it should be', () => {
    oneLine(failing(['--http', '0.0.0.0:80']), /^--http cannot be "0\.0\.0\.0:80"\. Give --http 127\.0\.0\.1:PORT/);
    oneLine(failing(['--prot', '1']), /^--prot cannot be/);
    oneLine(failing([], { GANTRY_HTTP: 'everywhere' }), /GANTRY_HTTP|--http/);
    writeFileSync(join(folder, 'short'), 'abc');
    oneLine(failing(['--token-file', join(folder, 'short')]), /^--token-file cannot be/);
    oneLine(failing(['--token-file', join(folder, 'none', 'token')]), /^--token-file cannot be/);
  });

  it('names the port that is taken', async () => {
    await withTakenPort(port => {
      oneLine(failing(['--http', `127.0.0.1:${port}`]), new RegExp(`^Port ${port} for the console is taken\\.`));
      const dicom = failing(['--dicom-port', String(port)], { GANTRY_DICOM_HOST: '127.0.0.1' });
      oneLine(dicom, new RegExp(`^Port ${port} .*is taken\\.`));
    });
  });

  it('names the data directory that cannot be written', () => {
    writeFileSync(join(folder, 'a-file'), '');
    oneLine(failing(['--data', join(folder, 'a-file', 'data')]), /^Cannot write to the data directory/);
    mkdirSync(join(folder, 'read-only', 'gantry.lock'), { recursive: true });
    oneLine(failing(['--data', join(folder, 'read-only')]), /^Cannot write to the data directory/);
  });

  it('names the variable that is wrong', () => {
    oneLine(failing([], { GANTRY_MAX_ASSOCIATIONS: 'many' }), /GANTRY_MAX_ASSOCIATIONS/);
  });
});

describe('npm start', () => {
  const until = (child: ChildProcess, words: string) =>
    new Promise<string>((done, fail) => {
      let text = '';
      const hear = (chunk: Buffer) => {
        text += chunk;
        if (text.includes(words)) done(text);
      };
      child.stdout?.on('data', hear);
      child.stderr?.on('data', hear);
      child.once('exit', code => fail(new Error(`ended with ${code}: ${text}`)));
    });

  it('says why there is no window, and passes options and the end through', async () => {
    const script = resolve(import.meta.dirname, '../../electron/start.mjs');
    const { DISPLAY: _x, WAYLAND_DISPLAY: _w, ...rest } = process.env;
    const words = [script, '--data', join(folder, 'data'), '--dicom-port', '0', '--http', '127.0.0.1:0'];
    const child = spawn(process.execPath, words, {
      env: { ...rest, ...environment() },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const text = await until(child, 'Gantry ready: ');
    expect(text).toMatch(/No window: (there is no display|Electron does not run as root)/);
    const pid = Number(readFileSync(join(folder, 'data', 'gantry.pid'), 'utf8'));
    await ended(child, 'SIGTERM');
    expect(child.exitCode).toBe(0);
    expect(() => process.kill(pid, 0)).toThrow();
  }, 120_000);

  it('ends with npm, which tells only its shell', async () => {
    const words = ['start', '--', '--headless', '--data', join(folder, 'data'), '--dicom-port', '0'];
    const env = { ...process.env, ...environment() };
    const child = spawn('npm', words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    await until(child, 'Gantry ready: ');
    const pid = Number(readFileSync(join(folder, 'data', 'gantry.pid'), 'utf8'));
    child.kill('SIGTERM');
    const gone = () => {
      try {
        return !process.kill(pid, 0);
      } catch {
        return true;
      }
    };
    await eventually(gone, 'the end of the core', 15_000);
  }, 120_000);
});
