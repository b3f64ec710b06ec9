import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readModuleGraph } from './module-graph.ts';

const root = resolve(import.meta.dirname, '../..');
const read = <T>(name: string) => JSON.parse(readFileSync(resolve(root, name), 'utf8')) as T;

interface Locked {
  version: string;
  resolved?: string;
  integrity?: string;
  link?: boolean;
  optionalDependencies?: Record<string, string>;
}
const lock = read<{ packages: Record<string, Locked> }>('package-lock.json');
const declared = read<Record<'dependencies' | 'devDependencies', Record<string, string>>>('package.json');
const packages = Object.entries(lock.packages).filter(([path]) => path !== '');

/** As Node looks for it: beside the asking package, then in every folder above. */
function installed(from: string, name: string): boolean {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf('node_modules/') - 1))) {
    if (lock.packages[`${base === '' ? '' : `${base}/`}node_modules/${name}`]) return true;
    if (base === '') return false;
  }
}

describe('the lock file', () => {
  it('names no registry, so that it installs from whichever the machine uses', () => {
    expect(packages.length).toBeGreaterThan(200);
    expect(packages.filter(([, { resolved }]) => resolved !== undefined && !resolved.startsWith('file:'))).toEqual([]);
    expect(packages.filter(([, { integrity, link }]) => !integrity && !link).map(([path]) => path)).toEqual([]);
  });

  it('has every package for another platform, without which npm ci fails', () => {
    const missing = packages.flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter(name => !installed(path, name))
        .map(name => `${path}: ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('says what package.json says, to the exact version', () => {
    for (const [name, version] of Object.entries({ ...declared.dependencies, ...declared.devDependencies })) {
      expect([name, version]).toEqual([name, expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
      expect([name, lock.packages[`node_modules/${name}`]?.version]).toEqual([name, version]);
    }
    expect(Object.keys(lock.packages).filter(path => /node_modules\/node-(linux|win|darwin)/.test(path))).toEqual([]);
  });

  it('declares all that is imported: nothing comes by way of another package', () => {
    const imported = [...readModuleGraph(root).modules.values()].flatMap(({ imports }) =>
      imports.filter(item => item.outside),
    );
    const names = new Set(imported.map(item => item.to).filter(name => name !== 'node:'));
    const known = { ...declared.dependencies, ...declared.devDependencies };
    expect([...names].filter(name => !Object.hasOwn(known, name))).toEqual([]);
  });
});
