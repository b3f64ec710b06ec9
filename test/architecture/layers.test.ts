import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cycles, importsOf, modulesBelow, violations } from './imports.ts';
import { rules } from './rules.ts';

const root = resolve(import.meta.dirname, '../..');

describe('layers', () => {
  const modules = modulesBelow(root);
  const imports = modules.flatMap(module => importsOf(root, module));

  it('sees the whole product', () => {
    expect(modules.length).toBeGreaterThan(150);
    expect(imports.length).toBeGreaterThan(500);
  });

  it('imports only downwards', () => {
    expect(violations(imports, rules)).toEqual([]);
  });

  it('has no circle of imports', () => {
    expect(cycles(imports)).toEqual([]);
  });

  it('keeps every file to one purpose: at most 300 lines', () => {
    const long = modules
      .map(module => ({ module, lines: readFileSync(join(root, module), 'utf8').split('\n').length }))
      // One catalogue of all errors is one purpose, however many there are.
      .filter(({ module, lines }) => lines > 301 && module !== 'shared/problems.ts');
    expect(long).toEqual([]);
  });
});

describe('layers, with a violation planted', () => {
  const copy = mkdtempSync(join(tmpdir(), 'gantry-layers-'));
  for (const folder of ['electron', 'renderer', 'shared'])
    cpSync(join(root, folder), join(copy, folder), { recursive: true });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  const planted: [file: string, line: string, rule: RegExp][] = [
    ['electron/core/store/planted.ts', "import '../flows/index.ts';", /below/],
    ['electron/core/docker/planted.ts', "import type { Header } from '../dicom/index.ts';", /beside/],
    ['shared/planted.ts', "import { readFileSync } from 'node:fs';", /shared imports only/],
    ['electron/core/flows/planted.ts', "export { app } from 'electron';", /no Electron/],
    ['electron/core/flows/planted.ts', "const later = () => import('../inbox/seal.ts');", /by its index/],
    ['electron/door/planted.ts', "import { protocol } from 'electron';", /know no Electron/],
    ['renderer/ui/planted.tsx', "import { RunPage } from '../features/runs/run-page.tsx';", /know no feature/],
    ['renderer/features/peers/planted.tsx', "import '../runs/page.tsx';", /no other feature/],
    ['renderer/client/planted.ts', "import { startCore } from '../../electron/core/compose.ts';", /sees only shared/],
    ['electron/core/flows/planted.ts', "import Docker from 'dockerode';", /dockerode only/],
    ['electron/core/flows/planted.ts', "import { data } from 'dcmjs';", /DICOM libraries/],
    ['electron/core/studies/planted.ts', "import Database from 'better-sqlite3';", /SQLite only/],
    ['electron/core/settings/planted.ts', "import { os } from '@orpc/server';", /oRPC only/],
    ['electron/core/lib/planted.ts', "import '../../../test/helpers/dcmtk.ts';", /knows a test/],
  ];

  it.each(planted)('%s with %s is caught', (file, line, rule) => {
    const path = join(copy, file);
    writeFileSync(path, `${line}\n`);
    const found = violations(importsOf(copy, file), rules);
    rmSync(path);
    expect(found.join('\n')).toMatch(rule);
  });

  it('a circle is caught', () => {
    const imports = [
      { from: 'a.ts', to: 'b.ts', typeOnly: false },
      { from: 'b.ts', to: 'c.ts', typeOnly: false },
      { from: 'c.ts', to: 'a.ts', typeOnly: false },
    ];
    expect(cycles(imports)).toEqual(['a.ts -> b.ts -> c.ts -> a.ts']);
  });
});
