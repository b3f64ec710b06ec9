import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './import-rules.ts';
import { readModuleGraph } from './module-graph.ts';

const root = resolve(import.meta.dirname, '../..');
const graph = readModuleGraph(root);

describe('the tree', () => {
  it('was read whole', () => {
    expect(graph.modules.size).toBeGreaterThan(150);
    const imports = [...graph.modules.values()].flatMap(module => module.imports);
    expect(imports.length).toBeGreaterThan(500);
    // Each confined library is in use, or its rule would watch over nothing.
    for (const name of ['dockerode', 'better-sqlite3', '@orpc/server', 'electron', 'zod', 'react'])
      expect(imports.some(({ to }) => to === name)).toBe(true);
  });

  it('keeps its import directions', () => {
    expect(violations(graph)).toEqual([]);
  });
});

describe('a planted violation is found', () => {
  let copy: string;
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'gantry-layers-'));
    for (const folder of ['electron', 'renderer', 'shared'])
      cpSync(join(root, folder), join(copy, folder), { recursive: true });
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  it.each([
    ['shared/planted.ts', "import { readFileSync } from 'node:fs';", 'only shared and zod'],
    ['shared/planted.ts', "export * from '../electron/core/compose.ts';", 'only shared and zod'],
    ['electron/core/logs/planted.ts', "import { app } from 'electron';", 'belongs to'],
    ['electron/core/flows/planted.ts', "import '../../shell/window.ts';", 'no door, no shell'],
    ['electron/core/flows/planted.ts', "import { readOptions } from '../../door/options.ts';", 'no door, no shell'],
    ['electron/core/flows/planted.ts', "import Docker from 'dockerode';", 'belongs to'],
    ['electron/core/inbox/planted.ts', "const dcmjs = await import('dcmjs');", 'belongs to'],
    ['electron/core/studies/planted.ts', "import type Database from 'better-sqlite3';", 'belongs to'],
    ['electron/core/studies/planted.ts', "type Db = import('better-sqlite3').Database;", 'belongs to'],
    ['electron/core/docker/planted.ts', "import { ORPCError } from '@orpc/server';", 'belongs to'],
    ['electron/core/dicom/planted.ts', "import { createInbox } from '../inbox/index.ts';", 'lower tiers'],
    ['electron/core/docker/planted.ts', "import { createListener } from '../dicom/index.ts';", 'lower tiers'],
    ['electron/core/lib/planted.ts', "import { openStore } from '../store/index.ts';", 'lower tiers'],
    ['electron/core/flows/planted.ts', "import { pdu } from '../dicom/pdu.ts';", 'by its index.ts'],
    ['electron/core/planted/planted.ts', "import { createLogHub } from '../logs/index.ts';", 'has no tier'],
    ['electron/door/planted.ts', "import '../shell/window.ts';", 'no shell'],
    ['electron/headless.ts', "import './shell/window.ts';", 'no shell'],
    ['electron/shell/planted.ts', "import { startCore } from '../core/compose.ts';", 'process of its own'],
    ['renderer/client/planted.ts', "import { join } from 'node:path';", 'no Node'],
    ['renderer/client/planted.ts', "import type { Core } from '../../electron/core/compose.ts';", 'no core'],
    ['renderer/features/runs/planted.tsx', "import '../flows/flow-page.tsx';", 'another feature'],
    ['renderer/features/runs/planted.ts', "import { oc } from '@orpc/contract';", 'belongs to'],
    ['electron/core/lib/planted.ts', "import './planted.ts';", 'cycle'],
    ['electron/core/lib/planted.ts', "export { type X, y } from './planted.ts';", 'cycle'],
    ['electron/core/lib/planted.ts', '\n'.repeat(300), '302 lines'],
  ])('%s: %s', (path, text, words) => {
    const file = join(copy, path);
    mkdirSync(dirname(file), { recursive: true });
    const before = existsSync(file) ? readFileSync(file) : null;
    try {
      writeFileSync(file, `${text}\nexport {};\n`);
      const found = violations(readModuleGraph(copy)).filter(line => line.includes(`${path}`));
      expect(found.join('\n')).toContain(words);
    } finally {
      if (before) writeFileSync(file, before);
      else rmSync(path.includes('core/planted') ? dirname(file) : file, { recursive: true });
    }
  });

  it('refuses an import that leads nowhere or cannot be read', () => {
    const file = join(copy, 'shared', 'planted.ts');
    for (const text of ["import './nowhere.ts';", 'await import(name);', 'import {']) {
      writeFileSync(file, text);
      expect(() => readModuleGraph(copy)).toThrow(/planted\.ts/);
    }
    rmSync(file);
  });
});
