import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const require = createRequire(import.meta.url);
const { validateConfiguration } = require('app-builder-lib/out/util/config/config') as {
  validateConfiguration(config: unknown, log: unknown): Promise<void>;
};
const { DebugLogger } = require('builder-util') as { DebugLogger: new (enabled: boolean) => unknown };
const read = () => load(readFileSync(resolve(root, 'electron-builder.yml'), 'utf8')) as Record<string, unknown>;
const check = (config: unknown) => validateConfiguration(config, new DebugLogger(false));

describe('electron-builder.yml', () => {
  it('is valid by the schema of electron-builder, which does refuse', async () => {
    await check(read());
    await expect(check({ ...read(), asarr: true })).rejects.toThrow(/asarr/);
  });

  it('packs the build and package.json alone, the same for every system', () => {
    const { linux, win, mac, files, npmRebuild } = read() as Record<string, { files: string[] }>;
    const packed = ['dist/**', 'package.json', '!dist/**/*.map'];
    expect([linux?.files, win?.files, mac?.files]).toEqual([packed, packed, packed]);
    expect({ files, npmRebuild }).toEqual({ files: undefined, npmRebuild: false });
  });

  it('closes the ways into the packed program', () => {
    expect(read().electronFuses).toMatchObject({
      runAsNode: false,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      onlyLoadAppFromAsar: true,
      enableEmbeddedAsarIntegrityValidation: true,
    });
  });
});
