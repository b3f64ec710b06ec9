/**
 * Which folder may import what (design.md: one core, two doors). A rule names who, and what it must not reach; checked on
 * every module by layers.test.ts.
 */
export interface Rule {
  name: string;
  /** Modules it is about, by path below the repository. */
  from: RegExp;
  /** Not about these. */
  except?: RegExp;
  /** What they must not import: a path of ours, or a package name. `$1` is the first group of `from`. */
  to: RegExp | ((group: string) => RegExp);
  /** Allowed all the same. */
  but?: RegExp | ((group: string) => RegExp);
}

/** Lower first: a room may enter those before it, never those after it, nor another of its own tier. */
export const tiers: string[][] = [
  ['lib'],
  ['store', 'logs'],
  ['settings'],
  ['docker', 'dicom'],
  ['inbox'],
  ['studies'],
  ['flows'],
];

const core = (rooms: string[]) => new RegExp(`^electron/core/(${rooms.join('|')})/`);

const order = tiers.flatMap((rooms, index): Rule[] => {
  const above = tiers.slice(index + 1).flat();
  return [
    ...(above.length > 0 ? [{ name: `${rooms} below ${above}`, from: core(rooms), to: core(above) }] : []),
    {
      name: `${rooms} beside each other`,
      from: core(rooms),
      to: core(rooms),
      but: (own: string) => new RegExp(`^electron/core/${own}/`),
    },
  ];
});

export const rules: Rule[] = [
  ...order,
  { name: 'shared imports only shared and zod', from: /^shared\/(?!contract\.ts$)/, to: /./, but: /^(shared\/|zod$)/ },
  {
    name: 'the contract imports only shared, zod and oRPC',
    from: /^shared\/contract\.ts$/,
    to: /./,
    but: /^(shared\/|zod$|@orpc\/contract$)/,
  },
  {
    name: 'the core knows no Electron, door or window',
    from: /^electron\/core\//,
    to: /^(electron$|electron\/(shell|door|main|preload|headless|core-process)|renderer\/)/,
  },
  {
    name: 'the doors and the headless start know no Electron',
    from: /^electron\/(door\/|headless\.ts)/,
    to: /^(electron$|electron\/(shell|main|preload))/,
  },
  { name: 'the renderer sees only shared', from: /^renderer\//, to: /^(electron(\/|$)|node:|test\/)/ },
  {
    name: 'a feature knows no other feature',
    from: /^renderer\/features\/([^/]+)\//,
    to: /^renderer\/features\//,
    but: own => new RegExp(`^renderer/features/${own}/`),
  },
  {
    name: 'ui, client, theme and words know no feature',
    from: /^renderer\/(ui|client|theme|words)\//,
    to: /^renderer\/features\//,
  },
  {
    name: 'a room is entered by its index',
    from: /^electron\/core\/([^/]+)(?:\/|\.ts)/,
    to: /^electron\/core\/(?!lib\/)[^/]+\/(?!index\.ts$)/,
    but: own =>
      new RegExp(`^electron/core/${own}/|^electron/core/flows/steps/index\\.ts$|^electron/core/store/tables/`),
  },
  {
    name: 'what stands around the core enters rooms by their index',
    from: /^electron\/(?!core\/)/,
    to: /^electron\/core\/(?!lib\/)[^/]+\/(?!index\.ts$)/,
  },
  {
    name: 'dockerode only in core/docker',
    from: /^(electron|renderer|shared)\//,
    except: /^electron\/core\/docker\//,
    to: /^dockerode$/,
  },
  {
    name: 'DICOM libraries only in core/dicom',
    from: /^(electron|renderer|shared)\//,
    except: /^electron\/core\/dicom\//,
    to: /^dcmjs(-dimse|-codecs)?$/,
  },
  {
    name: 'SQLite only in core/store',
    from: /^(electron|renderer|shared)\//,
    except: /^electron\/core\/store\//,
    to: /^(better-sqlite3|node:sqlite)$/,
  },
  {
    name: 'oRPC only in the contract, api, doors and client',
    from: /^(electron|renderer|shared)\//,
    except: /^(shared\/contract\.ts|electron\/core\/api\.ts|electron\/door\/|renderer\/client\/)/,
    to: /^@orpc\//,
  },
  {
    name: 'electron only in main, preload and shell',
    from: /^electron\//,
    except: /^electron\/(shell\/|main\.ts|preload\.ts|vite\.config\.ts)/,
    to: /^electron$/,
  },
  { name: 'no product code knows a test', from: /^(electron|renderer|shared)\//, to: /^test\// },
];
