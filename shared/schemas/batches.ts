import { z } from 'zod';
import { listOf, page, time } from './common.ts';

export const collect = z.enum(['association', 'series', 'study']);
export type Collect = z.infer<typeof collect>;

/** Why a trigger was or was not met. `index` counts the flow's triggers from 0. */
export const triggerReasonSchema = z.object({
  index: z.number().int(),
  met: z.boolean(),
  /** The first instance that met all keys. */
  sopInstanceUid: z.string().nullable(),
  /** For a met trigger its keys in that instance; else, of the instance that came closest, every key with its value. */
  keys: z.array(
    z.object({
      keyword: z.string(),
      pattern: z.string(),
      value: z.string().nullable(),
      met: z.boolean(),
      note: z.string().optional(),
    }),
  ),
  text: z.string(),
});
export const verdictSchema = z.object({
  flowFile: z.string(),
  flowName: z.string(),
  flowVersion: z.string(),
  matched: z.boolean(),
  triggers: z.array(triggerReasonSchema),
  text: z.string(),
  at: time,
});
export type TriggerReason = z.infer<typeof triggerReasonSchema>;
export type Verdict = z.infer<typeof verdictSchema>;

export const batchSchema = z.object({
  id: z.number().int(),
  collect,
  key: z.string(),
  state: z.enum(['open', 'closed', 'evaluated', 'removed']),
  complete: z.boolean(),
  reason: z.string().nullable(),
  callingAe: z.string(),
  calledAe: z.string(),
  host: z.string(),
  instanceCount: z.number().int(),
  bytes: z.number(),
  studyInstanceUids: z.array(z.string()),
  openedAt: time,
  closedAt: time.nullable(),
  runIds: z.array(z.number().int()),
});
export type Batch = z.infer<typeof batchSchema>;
export const batchQuerySchema = z.object({ state: batchSchema.shape.state.optional(), ...page });
export const batchListSchema = listOf(batchSchema);
export const batchDetailSchema = batchSchema.extend({ verdicts: z.array(verdictSchema) });
