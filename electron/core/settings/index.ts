/**
 * Settings: default < DATA/conf.d/*.yml in name order < environment < options. The files are read again when they change;
 * what the console changes goes to conf.d/99-console.yml. Every room reads by `get` at the moment it needs a value.
 */
export { catalogue, type SettingKey, type SettingValues } from './catalogue.ts';
export { createSettings, type Settings } from './settings.ts';
