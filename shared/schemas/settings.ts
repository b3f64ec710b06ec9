import { z } from 'zod';
import { listOf } from './common.ts';

export const settingValueSchema = z.union([z.string(), z.number(), z.boolean(), z.array(z.string()), z.null()]);
export type SettingValue = z.infer<typeof settingValueSchema>;
export const settingSchema = z.object({
  key: z.string(),
  value: settingValueSchema,
  default: settingValueSchema,
  /** `default`, `conf.d/FILE`, `environment NAME` or `option --NAME`. */
  origin: z.string(),
  /** What it does, in a sentence. */
  help: z.string(),
  unit: z.string().nullable(),
  /** Takes effect only at the next start. */
  restart: z.boolean(),
  /** False where the environment or an option decides. */
  editable: z.boolean(),
});
export type Setting = z.infer<typeof settingSchema>;
export const settingListSchema = listOf(settingSchema);
/** Keys to change; null goes back to what the files below say. */
export const settingsChangeSchema = z.record(z.string(), settingValueSchema);
