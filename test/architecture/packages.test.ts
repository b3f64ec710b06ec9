import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsOf, modulesBelow } from './imports.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string) => JSON.parse(readFileSync(join(root, file), 'utf8'));
const { dependencies, devDependencies } = read('package.json') as Record<string, Record<string, string>>;
const lock = read('package-lock.json') as {
  packages: Record<string, { resolved?: string; optionalDependencies?: Record<string, string> }>;
};

describe('packages', () => {
  it('are pinned to exact versions', () => {
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    }
  });

  it('are all declared: what is imported does not come by way of another package', () => {
    const modules = modulesBelow(root, ['electron', 'renderer', 'shared', 'test']);
    const imported = new Set(
      modules
        .flatMap(module => importsOf(root, module))
        .map(item => item.to)
        .filter(name => /^[@a-z]/.test(name)),
    );
    const declared = new Set([...Object.keys(dependencies ?? {}), ...Object.keys(devDependencies ?? {})]);
    const missing = [...imported].filter(
      name => !name.startsWith('node:') && !/^(electron|renderer|shared|test)\//.test(name) && !declared.has(name),
    );
    expect(missing).toEqual([]);
  });

  it('have a lock file that names no host and lacks no platform', () => {
    for (const [path, { resolved, optionalDependencies = {} }] of Object.entries(lock.packages)) {
      expect(resolved ?? '', path).not.toMatch(/^https?:/);
      for (const name of Object.keys(optionalDependencies)) {
        const own = `${path}/node_modules/${name}`;
        expect(lock.packages[own] ?? lock.packages[`node_modules/${name}`], `${path} wants ${name}`).toBeDefined();
      }
    }
  });
});
