import { z } from 'zod';
import { time } from './common.ts';

/** A line of Gantry's own log. Never holds patient data: UIDs, AE titles, hosts, paths and numbers only. */
export const hubLineSchema = z.object({
  seq: z.number().int(),
  at: time,
  level: z.enum(['info', 'warn', 'error']),
  /** Room that wrote it, or `run ID step N` for container output. */
  source: z.string(),
  line: z.string(),
});
export type HubLine = z.infer<typeof hubLineSchema>;
export const logFollowSchema = z.object({ after: z.coerce.number().int().default(0), source: z.string().optional() });
export const logBatchSchema = z.object({ lines: z.array(hubLineSchema), skipped: z.number().int() });
