import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import vm from 'node:vm';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

describe('the built main process', () => {
  it('opens a window on a core of its own, and quits', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gantry-built-'));
    try {
      const words = [resolve(root, 'test/shell/built-main.ts'), '--data', folder, '--dicom-port', '0'];
      const more = { DOCKER_HOST: `unix://${folder}/none.sock`, GANTRY_DICOM_HOST: '127.0.0.1' };
      const env = { ...process.env, ...more };
      const { status, stdout, stderr } = spawnSync(process.execPath, words, { env, encoding: 'utf8', timeout: 25_000 });
      expect({ status, stderr }).toMatchObject({ status: 0 });
      expect(JSON.parse(stdout)).toMatchObject({ listening: true });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('says what keeps the core from starting', () => {
    const data = join(root, 'package.json', 'data');
    const words = [resolve(root, 'test/shell/built-main.ts'), '--data', data];
    const { status, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', timeout: 25_000 });
    expect(status).not.toBe(0);
    expect(stderr).toContain('Cannot write to the data directory');
  });

  it('needs nothing beside itself but what is packed with it', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const folder = join(root, 'dist', 'electron');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.js'));
    expect(files.length).toBeGreaterThanOrEqual(3);
    const wanted = files.flatMap(name =>
      [
        ...readFileSync(join(folder, name), 'utf8').matchAll(/^import\s[^;]*?from\s*"([^"]+)"|^import\s*"([^"]+)"/gm),
      ].map(found => found[1] ?? found[2] ?? ''),
    );
    const packages = new Set(wanted.filter(name => !name.startsWith('.') && !name.startsWith('node:')));
    const known = new Set([
      ...Object.keys(dependencies),
      'electron',
      ...process.getBuiltinModule('module').builtinModules,
    ]);
    expect([...packages].filter(name => !known.has(name) && !known.has(name.split('/')[0] ?? ''))).toEqual([]);
    expect(packages).toContain('better-sqlite3');
  });
});

describe('the built preload script', () => {
  it('runs in a sandbox that has Electron alone, and hands the port over', () => {
    const file = join(root, 'dist', 'preload', 'preload.cjs');
    expect(existsSync(file)).toBe(true);
    const heard = new Map<string, (event: object) => void>();
    const sent: unknown[][] = [];
    const required: string[] = [];
    const window = {
      location: { origin: 'app://console' },
      addEventListener: (name: string, hear: (event: object) => void) => heard.set(`window ${name}`, hear),
      postMessage: (...words: unknown[]) => sent.push(['page', ...words]),
    };
    const ipcRenderer = {
      on: (name: string, hear: (event: object) => void) => heard.set(`main ${name}`, hear),
      send: (...words: unknown[]) => sent.push(['main', ...words]),
    };
    const require = (name: string) => {
      required.push(name);
      return { ipcRenderer, contextBridge, webUtils };
    };
    const given: Record<string, { pathOf(file: object): string }> = {};
    const contextBridge = {
      exposeInMainWorld: (name: string, value: { pathOf(file: object): string }) => (given[name] = value),
    };
    const webUtils = { getPathForFile: (file: { at: string }) => file.at };
    vm.runInNewContext(readFileSync(file, 'utf8'), { require, window, exports: {}, module: { exports: {} } });
    expect(required).toEqual(['electron']);
    expect([...heard.keys()].sort()).toEqual(['main rpc-port', 'window message']);

    heard.get('main rpc-port')?.({ ports: ['port'] });
    expect(sent).toEqual([['page', { gantry: 'rpc-port' }, 'app://console', ['port']]]);
    heard.get('window message')?.({ source: window, data: { gantry: 'want-rpc-port' } });
    heard.get('window message')?.({ source: {}, data: { gantry: 'want-rpc-port' } });
    heard.get('window message')?.({ source: window, data: { gantry: 'rpc-port' } });
    expect(sent.slice(1)).toEqual([['main', 'want-rpc-port']]);
    expect(Object.keys(given)).toEqual(['gantryFiles']);
    expect(given.gantryFiles?.pathOf({ at: '/study' })).toBe('/study');
  });
});
