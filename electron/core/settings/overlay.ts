import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load, YAMLException } from 'js-yaml';
import { describe, type Problem } from '../../../shared/problems.ts';
import { catalogue, type SettingKey } from './catalogue.ts';

/** The console's own file; it comes last, so that what was changed there counts. */
export const consoleFile = '99-console.yml';

export interface Layer {
  /** Shown as where a value comes from, e.g. `conf.d/10-site.yml`. */
  origin: string;
  values: Map<SettingKey, unknown>;
}

/** DicomFlow's names for settings of ours. */
const aliases: Record<string, SettingKey> = {
  AE_PORT: 'DICOM_PORT',
  AE_HOSTNAME: 'DICOM_HOST',
  CONSUMERS: 'RUNS_AT_ONCE',
};
/** DicomFlow's settings for services that Gantry does not need. */
const needless = /^(RABBIT_|FILE_STORAGE_|STATIC_STORAGE_|PYNETDICOM_|LOG_|DATABASE_|PUB_|SUB_)/;

const isKey = (key: string): key is SettingKey => Object.hasOwn(catalogue, key);

/** Reads the overlay files in name order. A broken one is a problem of its own and leaves the others in force. */
export function readOverlays(directory: string): { layers: Layer[]; problems: Problem[]; notes: string[] } {
  const layers: Layer[] = [];
  const problems: Problem[] = [];
  const notes: string[] = [];
  for (const file of overlayFiles(directory)) {
    const origin = `conf.d/${file}`;
    const invalid = (key: string, expected: string) =>
      problems.push(describe('SETTINGS_INVALID', { key, origin, expected }));
    let content: unknown;
    try {
      content = readYaml(join(directory, file));
    } catch (error) {
      invalid('the file', reasonOf(error));
      continue;
    }
    if (content === null) continue;
    if (typeof content !== 'object' || Array.isArray(content)) {
      invalid('the file', 'a map of keys to values');
      continue;
    }
    const values = new Map<SettingKey, unknown>();
    for (const [name, value] of Object.entries(content)) {
      const key = aliases[name] ?? name;
      if (!isKey(key)) {
        notes.push(
          needless.test(name)
            ? `${origin}: ${name} is not needed by Gantry and is ignored`
            : `${origin}: there is no setting ${name}${suggestion(name)}`,
        );
        continue;
      }
      const parsed = catalogue[key].schema.safeParse(value);
      if (parsed.success) values.set(key, parsed.data);
      else invalid(name, parsed.error.issues[0]?.message ?? 'another value');
    }
    layers.push({ origin, values });
  }
  return { layers, problems, notes };
}

function overlayFiles(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter(name => /\.ya?ml$/i.test(name))
      .sort();
  } catch {
    return [];
  }
}

/** @returns null for an empty file */
export function readYaml(path: string): unknown {
  const text = readFileSync(path, 'utf8');
  return text.replace(/^\s*#.*$/gm, '').trim() === '' ? null : (load(text) ?? null);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof YAMLException)) return error instanceof Error ? error.message : String(error);
  const { mark, reason } = error;
  return mark ? `valid YAML; line ${mark.line + 1}, column ${mark.column + 1}: ${reason}` : `valid YAML: ${reason}`;
}

/** The setting whose name differs least, where that is a slip of the pen. */
function suggestion(name: string): string {
  const near = Object.keys(catalogue).find(
    key => key.replaceAll('_', '') === name.toUpperCase().replaceAll(/[_-]/g, ''),
  );
  return near ? `; ${near} is meant?` : '';
}
