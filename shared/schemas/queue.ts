import { z } from 'zod';
import { problemSchema, time } from './common.ts';
import { runIdSchema } from './runs.ts';

/** What the queue is doing, beside its runs. */
export const queueSchema = z.object({
  /** Since when no run is started; null when they are. */
  pausedAt: time.nullable(),
  pending: z.number().int(),
  running: z.number().int(),
  /** Runs at the same time, a setting. */
  atOnce: z.number().int(),
  gpus: z.array(z.object({ id: z.string(), runId: z.number().int().nullable(), since: time.nullable() })),
});
export type QueueState = z.infer<typeof queueSchema>;

export const prioritySchema = runIdSchema.extend({ priority: z.coerce.number().int().min(0).max(5) });

/** Failed runs that have one cause. */
export const failureGroupSchema = z.object({
  /** The problem of the newest of them. */
  problem: problemSchema,
  /** What they have in common, in words. */
  cause: z.string(),
  count: z.number().int(),
  flows: z.array(z.string()),
  lastAt: time,
  /** Newest first, at most 1000. */
  runIds: z.array(z.number().int()),
});
export type FailureGroup = z.infer<typeof failureGroupSchema>;
export const failuresSchema = z.object({ items: z.array(failureGroupSchema), total: z.number().int() });

export const replaySchema = z.object({ ids: z.array(z.number().int().positive()).min(1).max(1000) });
export const replayedSchema = z.object({
  replayed: z.array(z.number().int()),
  refused: z.array(z.object({ id: z.number().int(), problem: problemSchema })),
});

export const statisticsQuerySchema = z.object({ days: z.coerce.number().int().min(1).max(366).default(30) });
/** Runs of one flow that ended in the last days. */
export const flowStatisticsSchema = z.object({
  flow: z.string(),
  count: z.number().int(),
  sent: z.number().int(),
  failed: z.number().int(),
  cancelled: z.number().int(),
  /** Milliseconds from the first start to the last confirmation, of the runs that were sent; null without one. */
  p50: z.number().nullable(),
  p95: z.number().nullable(),
  /** The last of them is today. */
  days: z.array(z.object({ day: z.string(), sent: z.number().int(), failed: z.number().int() })),
});
export type FlowStatistics = z.infer<typeof flowStatisticsSchema>;
export const statisticsSchema = z.object({ items: z.array(flowStatisticsSchema), total: z.number().int() });
