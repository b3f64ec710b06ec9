import type { Import, ModuleGraph } from './module-graph.ts';

/** The tiers of electron/core: a room imports rooms of lower tiers only. compose.ts, api.ts and health.ts stand above. */
const tiers = [['lib'], ['store', 'logs'], ['settings'], ['docker', 'dicom'], ['inbox'], ['studies'], ['flows']];

const roomOf = (path: string) => /^electron\/core\/([^/]+)\//.exec(path)?.[1] ?? null;
const tierOf = (room: string) => tiers.findIndex(rooms => rooms.includes(room));

/** Each library has the one room that translates its errors. */
const confined: [name: RegExp, to: RegExp][] = [
  [/^dockerode$/, /^electron\/core\/docker\//],
  [/^(dcmjs|dcmjs-dimse|dcmjs-codecs)$/, /^electron\/core\/dicom\//],
  [/^better-sqlite3$/, /^electron\/core\/store\//],
  [/^@orpc\//, /^(shared\/contract(-\w+)?\.ts$|electron\/core\/api\.ts$|electron\/door\/|renderer\/client\/)/],
  [/^electron$/, /^electron\/(main|preload|core-process)\.ts$|^electron\/shell\//],
  [
    /^(react|react-dom|zustand|wouter|codemirror|@mantine\/.*|@codemirror\/.*|@xyflow\/.*|yaml|@tanstack\/.*)$/,
    /^renderer\//,
  ],
];

/** What may stand in an import of each part of the tree. */
const reach: [from: RegExp, allowed: (to: Import) => boolean, words: string][] = [
  [
    /^shared\//,
    to => (to.outside ? /^(zod|@orpc\/contract)$/.test(to.to) : within(to, 'shared')),
    'only shared and zod',
  ],
  [
    /^electron\/core\//,
    to => to.outside || within(to, 'shared', 'electron/core'),
    'only shared and the core: no door, no shell',
  ],
  [
    /^electron\/headless\.ts$/,
    to => to.outside || within(to, 'shared', 'electron/core', 'electron/door'),
    'no shell: there may be no Electron',
  ],
  [
    /^electron\/door\//,
    to => to.outside || within(to, 'shared', 'electron/core', 'electron/door'),
    'no shell and no program',
  ],
  [
    /^electron\/shell\//,
    to => to.outside || within(to, 'shared', 'electron/door', 'electron/shell'),
    'no core: it runs in a process of its own',
  ],
  [
    /^electron\/(main|preload)\.ts$/,
    to => to.outside || within(to, 'shared', 'electron/door', 'electron/shell'),
    'no core: it runs in a process of its own',
  ],
  [/^renderer\//, to => to.to !== 'node:' && (to.outside || within(to, 'shared', 'renderer')), 'no Node, no core'],
];

const within = (to: Import, ...folders: string[]) => folders.some(folder => to.to.startsWith(`${folder}/`));

/** @returns one line for each import that breaks a rule of the tree, for each cycle and each file that is too long */
export function violations({ modules }: ModuleGraph): string[] {
  const imports = [...modules.values()].flatMap(module => module.imports);
  return [
    ...imports.flatMap(item => [...broken(item)].map(words => `${item.from} -> ${item.to}: ${words}`)),
    ...cycles(modules),
    ...[...modules].flatMap(([path, { lines }]) => (lines > longest(path) ? [`${path}: ${lines} lines`] : [])),
  ];
}

/** A catalogue of words grows by a line a word; everything else has one purpose. */
const longest = (path: string) => (path === 'shared/problems.ts' ? 600 : 300);

function* broken(item: Import): Generator<string> {
  const { from, to, outside } = item;
  for (const [where, allowed, words] of reach) if (where.test(from) && !allowed(item)) yield words;
  if (outside) {
    for (const [name, home] of confined) if (name.test(to) && !home.test(from)) yield `belongs to ${home.source}`;
    return;
  }
  yield* acrossRooms(from, to);
  const feature = /^renderer\/features\/([^/]+)\//;
  const [ours, theirs] = [feature.exec(from)?.[1], feature.exec(to)?.[1]];
  if (ours && theirs && ours !== theirs) yield 'a feature never imports another feature';
}

function* acrossRooms(from: string, to: string): Generator<string> {
  const [here, there] = [roomOf(from), roomOf(to)];
  if (!there || here === there) return;
  const byDoor = /\/index\.ts$/.test(to) || /^electron\/core\/store\/tables\//.test(to);
  if (!byDoor && there !== 'lib') yield 'a room is entered by its index.ts';
  if (!here) return;
  if (tierOf(here) < 0) yield `the room ${here} has no tier`;
  else if (tierOf(there) >= tierOf(here)) yield 'a room imports rooms of lower tiers only';
}

function cycles(modules: ModuleGraph['modules']): string[] {
  const found: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const walk = (path: string, trail: string[]) => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      found.push(`cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' -> ')}`);
      return;
    }
    state.set(path, 'open');
    // A type that two files share makes no cycle at run time.
    for (const { to, outside, typeOnly } of modules.get(path)?.imports ?? [])
      if (!outside && !typeOnly) walk(to, [...trail, path]);
    state.set(path, 'done');
  };
  for (const path of modules.keys()) walk(path, []);
  return found;
}
