import { type FSWatcher, mkdirSync, readFileSync, renameSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { AppError, type Problem } from '../../../shared/problems.ts';
import type { Setting, SettingValue } from '../../../shared/schemas/settings.ts';
import { createAnnouncer } from '../lib/announcer.ts';
import type { LogHub } from '../logs/index.ts';
import { catalogue, type SettingKey, type SettingValues } from './catalogue.ts';
import { consoleFile, type Layer, readOverlays, readYaml } from './overlay.ts';

export interface Settings {
  get<K extends SettingKey>(key: K): SettingValues[K];
  list(): Setting[];
  /** Writes to the console's file and applies at once; null goes back to what the layers below say. @throws SETTINGS_INVALID */
  change(changes: Record<string, SettingValue>): void;
  /** What is wrong in the overlay files. */
  problems(): Problem[];
  onChange(listener: (keys: SettingKey[]) => void): () => void;
  stop(): void;
}

interface Needs {
  dataDirectory: string;
  environment: NodeJS.ProcessEnv;
  /** From the command line. */
  options: Partial<Record<SettingKey, string>>;
  log: LogHub;
}

const keys = Object.keys(catalogue) as SettingKey[];
const reloadMs = 100;

/** @throws SETTINGS_INVALID for the environment and the options; overlay files are reported by `problems()` */
export function createSettings({ dataDirectory, environment, options, log }: Needs): Settings {
  const directory = join(dataDirectory, 'conf.d');
  mkdirSync(directory, { recursive: true });
  const fixed = [environmentLayer(environment), optionLayer(options)];
  const changes = createAnnouncer<SettingKey[]>();
  let effective = new Map<SettingKey, { value: unknown; origin: string }>();
  let problems: Problem[] = [];
  let told = '';

  function reload(): void {
    const read = readOverlays(directory);
    problems = read.problems;
    const words = [...read.problems.map(problem => `${problem.title}. ${problem.remedy}`), ...read.notes].join('\n');
    if (words !== told) for (const line of words.split('\n').filter(Boolean)) log.warn('settings', line);
    told = words;
    const next: typeof effective = new Map();
    const layers = [...read.layers, ...fixed.flat()];
    for (const key of keys) {
      const layer = layers.findLast(item => item.values.has(key));
      next.set(
        key,
        layer
          ? { value: layer.values.get(key), origin: layer.origin }
          : { value: catalogue[key].default, origin: 'default' },
      );
    }
    const changed = keys.filter(
      key => JSON.stringify(next.get(key)?.value) !== JSON.stringify(effective.get(key)?.value),
    );
    const first = effective.size === 0;
    effective = next;
    if (!first && changed.length > 0) {
      log.info('settings', `changed: ${changed.join(', ')}`);
      changes.tell(changed);
    }
  }
  reload();

  let timer: NodeJS.Timeout | undefined;
  let watcher: FSWatcher | null = null;
  try {
    watcher = watch(directory, () => {
      clearTimeout(timer);
      timer = setTimeout(reload, reloadMs);
    });
    watcher.on('error', error => log.warn('settings', `conf.d is no longer watched: ${error.message}`));
  } catch (error) {
    log.warn('settings', `conf.d cannot be watched: ${error instanceof Error ? error.message : error}`);
  }

  return {
    get: key => effective.get(key)?.value as SettingValues[typeof key],
    problems: () => problems,
    onChange: changes.listen,
    list: () =>
      keys.map(key => {
        const { value, origin } = effective.get(key) as { value: SettingValue; origin: string };
        const {
          help,
          unit = null,
          restart = false,
          default: preset,
        } = catalogue[key] as { help: string; unit?: string; restart?: boolean; default: SettingValue };
        const editable = !origin.startsWith('environment') && !origin.startsWith('option');
        return { key, value, default: preset, origin, help, unit, restart, editable };
      }),
    change(wanted) {
      const path = join(directory, consoleFile);
      const content = existing(path);
      for (const [key, value] of Object.entries(wanted)) {
        if (!Object.hasOwn(catalogue, key)) throw invalid(key, 'request', 'the name of a setting');
        const layer = fixed.flat().find(item => item.values.has(key as SettingKey));
        if (layer) throw invalid(key, layer.origin, `changed there: it comes before what the console says`);
        if (value === null) {
          delete content[key];
          continue;
        }
        const parsed = catalogue[key as SettingKey].schema.safeParse(value);
        if (!parsed.success) throw invalid(key, 'request', parsed.error.issues[0]?.message ?? 'another value');
        content[key] = parsed.data;
      }
      const text = Object.keys(content).length > 0 ? dump(content) : '';
      writeFileSync(`${path}.new`, `# Written by the Settings page.\n${text}`);
      renameSync(`${path}.new`, path);
      reload();
    },
    stop() {
      clearTimeout(timer);
      watcher?.close();
    },
  };
}

function existing(path: string): Record<string, unknown> {
  try {
    readFileSync(path);
  } catch {
    return {};
  }
  const content = readYaml(path);
  return typeof content === 'object' && content !== null && !Array.isArray(content) ? { ...content } : {};
}

const invalid = (key: string, origin: string, expected: string) =>
  new AppError('SETTINGS_INVALID', { key, origin, expected });

/** One layer for each variable, so that the origin names it. */
function environmentLayer(environment: NodeJS.ProcessEnv): Layer[] {
  const layers: Layer[] = [];
  for (const key of keys) {
    const names = [...((catalogue[key] as { environment?: string[] }).environment ?? []), `GANTRY_${key}`];
    for (const name of names) {
      const text = environment[name];
      if (text === undefined || text === '') continue;
      layers.push(layerOf(key, text, `environment ${name}`));
    }
  }
  return layers;
}

const optionLayer = (options: Needs['options']): Layer[] =>
  Object.entries(options).map(([key, text]) =>
    layerOf(key as SettingKey, text, `option --${key.toLowerCase().replaceAll('_', '-')}`),
  );

function layerOf(key: SettingKey, text: string, origin: string): Layer {
  const parsed = catalogue[key].schema.safeParse(text);
  if (!parsed.success) throw invalid(key, origin, parsed.error.issues[0]?.message ?? 'another value');
  return { origin, values: new Map([[key, parsed.data]]) };
}
