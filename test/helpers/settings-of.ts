import { catalogue, type SettingKey, type SettingValues } from '../../electron/core/settings/index.ts';

/** The defaults of the catalogue with some values of a test over them. */
export const settingsOf = (values: { [K in SettingKey]?: SettingValues[K] } = {}) => ({
  get: <K extends SettingKey>(key: K): SettingValues[K] => (values[key] ?? catalogue[key].default) as SettingValues[K],
});
