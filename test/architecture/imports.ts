import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { parseSync } from 'vite';
import type { Rule } from './rules.ts';

export interface Import {
  from: string;
  /** Path below the root, or the name of a package. */
  to: string;
  /** Gone at run time. */
  typeOnly: boolean;
}

const folders = ['electron', 'renderer', 'shared'];

/** Every module of ours below `root`, with forward slashes. */
export function modulesBelow(root: string, within = folders): string[] {
  return within
    .flatMap(folder => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter(entry => entry.isFile() && /\.(ts|tsx|mjs)$/.test(entry.name) && !entry.name.endsWith('.d.ts'))
    .map(entry => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

/** What a module imports, types included: read by a parser, so that no way of writing it is missed. */
export function importsOf(root: string, module: string): Import[] {
  const text = readFileSync(join(root, module), 'utf8');
  const parsed = parseSync(module, text);
  if (parsed.errors.length > 0) throw new Error(`${module}: ${parsed.errors[0]?.message}`);
  const { staticImports, staticExports, dynamicImports } = parsed.module;
  const found: [name: string, typeOnly: boolean][] = [
    ...staticImports.map(item => {
      const typeOnly = item.entries.length > 0 && item.entries.every(entry => entry.isType);
      return [item.moduleRequest.value, typeOnly] as [string, boolean];
    }),
    ...staticExports.flatMap(item =>
      item.entries.flatMap(entry =>
        entry.moduleRequest ? [[entry.moduleRequest.value, entry.isType] as [string, boolean]] : [],
      ),
    ),
    ...dynamicImports.map(item => {
      const name = text.slice(item.moduleRequest.start, item.moduleRequest.end).replace(/^['"`]|['"`]$/g, '');
      return [name, false] as [string, boolean];
    }),
  ];
  return found.map(([name, typeOnly]) => ({ from: module, to: resolved(module, name), typeOnly }));
}

function resolved(module: string, name: string): string {
  if (name.startsWith('.')) return posix.join(dirname(module), name);
  if (name.startsWith('node:')) return name;
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Which imports break which rule, as `rule: from -> to`. */
export function violations(imports: Pick<Import, 'from' | 'to'>[], rules: Rule[]): string[] {
  return imports.flatMap(({ from, to }) =>
    rules
      .filter(rule => {
        const found = rule.from.exec(from);
        if (!found || rule.except?.test(from)) return false;
        const group = found[1] ?? '';
        const pattern = (of: Rule['to']) => (typeof of === 'function' ? of(group) : of);
        return pattern(rule.to).test(to) && !(rule.but && pattern(rule.but).test(to));
      })
      .map(rule => `${rule.name}: ${from} -> ${to}`),
  );
}

/** Circles of imports that are there at run time, each as its path. */
export function cycles(imports: Import[]): string[] {
  const next = Map.groupBy(
    imports.filter(item => !item.typeOnly),
    item => item.from,
  );
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (module: string, path: string[]) => {
    const at = path.indexOf(module);
    if (at >= 0) return void found.push([...path.slice(at), module].join(' -> '));
    if (done.has(module)) return;
    for (const { to } of next.get(module) ?? []) walk(to, [...path, module]);
    done.add(module);
  };
  for (const module of next.keys()) walk(module, []);
  return found;
}
