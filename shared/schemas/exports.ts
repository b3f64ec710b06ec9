import { z } from 'zod';
import { uid } from './common.ts';

const studies = z.array(uid).min(1).max(1000);
export const exportSchema = z.object({ studyInstanceUids: studies });
/** `path` is served once, within a minute, without a token: a browser's own download cannot send one. */
export const exportTicketSchema = z.object({
  path: z.string(),
  name: z.string(),
  files: z.number().int(),
  bytes: z.number(),
});
export type ExportTicket = z.infer<typeof exportTicketSchema>;

export const exportToSchema = exportSchema.extend({
  /** An absolute path on the machine the core runs on; the export becomes something new in it. */
  folder: z.string().min(1).max(4096),
  form: z.enum(['zip', 'folder']),
});
export type ExportForm = z.infer<typeof exportToSchema>['form'];
export const exportedSchema = z.object({ path: z.string(), files: z.number().int(), bytes: z.number() });
export type Exported = z.infer<typeof exportedSchema>;
