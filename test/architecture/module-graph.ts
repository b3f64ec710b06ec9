import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { parseSync } from 'vite';

/** One import as it is written, types included. `to` is a path in the tree, or the name of a package. */
export interface Import {
  from: string;
  to: string;
  outside: boolean;
  /** Erased before it runs. */
  typeOnly: boolean;
}

export interface ModuleGraph {
  modules: Map<string, { lines: number; imports: Import[] }>;
}

const roots = ['electron', 'renderer', 'shared'];
const extensions = new Set(['.ts', '.tsx', '.mts', '.mjs', '.js', '.jsx', '.cjs']);

/** Reads every module below `root` with a real parser. @throws on what cannot be parsed, or an import that leads nowhere */
export function readModuleGraph(root: string): ModuleGraph {
  const modules: ModuleGraph['modules'] = new Map();
  for (const file of roots.flatMap(folder => filesBelow(join(root, folder)))) {
    if (!extensions.has(extname(file))) continue;
    const from = relative(root, file).replaceAll('\\', '/');
    const text = readFileSync(file, 'utf8');
    const imports = specifiers(file, text).map(({ to, typeOnly }) => resolveImport(root, from, to, typeOnly));
    modules.set(from, { lines: text.trimEnd().split('\n').length, imports });
  }
  return { modules };
}

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });

function specifiers(file: string, text: string): { to: string; typeOnly: boolean }[] {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const found: { to: string; typeOnly: boolean }[] = [];
  visit(program, node => {
    const { type, source } = node;
    const imports = /^(Import|ExportAll|ExportNamed)Declaration$|^(ImportExpression|TSImportType)$/.test(String(type));
    const named = (source ?? node.argument) as { value?: unknown; literal?: { value: unknown } } | null;
    const value = imports ? (named?.value ?? named?.literal?.value) : required(node);
    if (typeof value === 'string') found.push({ to: value, typeOnly: isErased(node) });
    else if (type === 'ImportExpression')
      throw new Error(`${file}: an import whose name is computed cannot be checked`);
  });
  return found;
}

function isErased({ type, importKind, exportKind, specifiers: names }: Record<string, unknown>): boolean {
  if (type === 'TSImportType' || importKind === 'type' || exportKind === 'type') return true;
  const kinds = ((names ?? []) as Record<string, unknown>[]).map(name => name.importKind ?? name.exportKind);
  return kinds.length > 0 && kinds.every(kind => kind === 'type');
}

/** `require('x')` and `import x = require('x')`. */
function required(node: Record<string, unknown>): unknown {
  const callee = node.callee as { name?: string } | undefined;
  const [first] = (node.arguments ?? []) as { value?: unknown }[];
  if (node.type === 'CallExpression' && callee?.name === 'require') return first?.value;
  return node.type === 'TSExternalModuleReference' ? (node.expression as { value?: unknown }).value : undefined;
}

function visit(value: unknown, tell: (node: Record<string, unknown>) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, tell);
  else if (value && typeof value === 'object') {
    const node = value as Record<string, unknown>;
    if (typeof node.type === 'string') tell(node);
    for (const child of Object.values(node)) visit(child, tell);
  }
}

function resolveImport(root: string, from: string, to: string, typeOnly: boolean): Import {
  if (!to.startsWith('.')) {
    const name = to.startsWith('node:') ? 'node:' : to.split('/', to.startsWith('@') ? 2 : 1).join('/');
    return { from, to: name, outside: true, typeOnly };
  }
  const path = join(root, dirname(from), to.split('?', 1)[0] ?? to);
  if (!statSync(path, { throwIfNoEntry: false })?.isFile())
    throw new Error(`${from} imports ${to}, which is not a file`);
  return { from, to: relative(root, path).replaceAll('\\', '/'), outside: false, typeOnly };
}
