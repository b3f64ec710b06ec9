import { z } from 'zod';
import { runStates, stepStates } from '../states/run-state.ts';
import { count, listOf, page, problemSchema, time, uid } from './common.ts';

export const runSchema = z.object({
  id: z.number().int(),
  uid: z.string(),
  /** Name of the flow, or its file where it has none. */
  flow: z.string(),
  flowFile: z.string(),
  flowVersion: z.string(),
  code: z.number().int(),
  state: z.enum(runStates),
  priority: z.number().int(),
  attempt: z.number().int(),
  batchId: z.number().int(),
  studyInstanceUids: z.array(z.string()),
  sender: z.string(),
  instanceCount: z.number().int(),
  createdAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  sentAt: time.nullable(),
  /** Why it waits (engine away, no free GPU, breaker open), in words. */
  waiting: problemSchema.nullable(),
  problem: problemSchema.nullable(),
  deliveries: z.object({ total: z.number().int(), confirmed: z.number().int(), failed: z.number().int() }),
});
export type Run = z.infer<typeof runSchema>;

const codes = z.coerce
  .number()
  .int()
  .refine(code => [0, 1, 2, 3, 4, 400].includes(code), 'one of 0, 1, 2, 3, 4, 400');
export const runQuerySchema = z.object({
  code: codes.optional(),
  state: z.enum(runStates).optional(),
  flow: z.string().max(200).optional(),
  studyInstanceUid: z.string().max(128).optional(),
  ...page,
});
export type RunQuery = z.infer<typeof runQuerySchema>;
export const runListSchema = listOf(runSchema);

export const stepSchema = z.object({
  position: z.number().int(),
  name: z.string(),
  kind: z.string(),
  image: z.string(),
  state: z.enum(stepStates),
  containerId: z.string().nullable(),
  gpu: z.string().nullable(),
  exitCode: z.number().int().nullable(),
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  problem: problemSchema.nullable(),
});
export type Step = z.infer<typeof stepSchema>;

export const logLineSchema = z.object({
  seq: z.number().int(),
  at: time,
  step: z.number().int(),
  stream: z.enum(['stdout', 'stderr', 'gantry']),
  line: z.string(),
});
export type LogLine = z.infer<typeof logLineSchema>;

export const deliverySchema = z.object({
  destination: z.string(),
  sopInstanceUid: z.string(),
  file: z.string(),
  /** DIMSE status as `0x0000`; null before the first answer. */
  status: z.string().nullable(),
  statusText: z.string(),
  confirmed: z.boolean(),
  failed: z.boolean(),
  attempts: z.number().int(),
  lastAt: time.nullable(),
  nextAt: time.nullable(),
  confirmedAt: time.nullable(),
  problem: problemSchema.nullable(),
});
export type Delivery = z.infer<typeof deliverySchema>;

export const runDetailSchema = runSchema.extend({
  steps: z.array(stepSchema),
  /** The newest lines; `runs.log` pages through all. */
  log: z.array(logLineSchema),
  deliveryItems: z.array(deliverySchema),
  otherFiles: z.array(z.object({ file: z.string(), bytes: z.number(), reason: z.string() })),
  flowText: z.string(),
});
export type RunDetail = z.infer<typeof runDetailSchema>;

/** A run that is asked for by hand, of a flow file or as the sending to a peer. */
export const runStartSchema = z.union([
  z.object({ studyInstanceUid: uid, flow: z.string().min(1).max(200) }),
  z.object({ studyInstanceUid: uid, peer: z.string().min(1).max(200) }),
]);
export type RunStart = z.infer<typeof runStartSchema>;

export const runIdSchema = z.object({ id: z.coerce.number().int().positive() });
export const retrySchema = runIdSchema.extend({
  /** Position of the first step to run again; without it the run starts from the beginning. `deliveries` only sends again. */
  fromStep: z.union([z.coerce.number().int().min(0), z.literal('deliveries')]).optional(),
});
/** Which files of a run are asked for. */
export const stepFilesSchema = runIdSchema.extend({ step: count, of: z.enum(['input', 'output']) });
export type StepFiles = z.infer<typeof stepFilesSchema>;
export const runLogQuerySchema = runIdSchema.extend({ step: count.optional(), ...page });
export const runLogSchema = listOf(logLineSchema);
