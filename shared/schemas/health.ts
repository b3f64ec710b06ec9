import { z } from 'zod';
import { problemSchema, time } from './common.ts';

export const healthSchema = z.object({
  status: z.enum(['ok', 'degraded', 'failing']),
  version: z.string(),
  startedAt: time,
  dataDirectory: z.string(),
  listener: z.object({
    listening: z.boolean(),
    aeTitle: z.string(),
    port: z.number().int(),
    tlsPort: z.number().int().nullable(),
    openAssociations: z.number().int(),
    maxAssociations: z.number().int(),
    receivedToday: z.number().int(),
    problem: problemSchema.nullable(),
  }),
  engine: z.object({
    reachable: z.boolean(),
    address: z.string(),
    version: z.string().nullable(),
    apiVersion: z.string().nullable(),
    gpuRuntime: z.boolean(),
    problem: problemSchema.nullable(),
  }),
  disk: z.object({
    path: z.string(),
    freeBytes: z.number(),
    totalBytes: z.number(),
    limitBytes: z.number(),
    problem: problemSchema.nullable(),
  }),
  gpus: z.array(z.object({ id: z.string(), runId: z.number().int().nullable(), since: time.nullable() })),
  runs: z.object({
    pending: z.number().int(),
    running: z.number().int(),
    sending: z.number().int(),
    sentToday: z.number().int(),
    failedToday: z.number().int(),
  }),
  breakers: z.array(
    z.object({
      destination: z.string(),
      failures: z.number().int(),
      nextTryAt: time.nullable(),
      problem: problemSchema.nullable(),
    }),
  ),
  problems: z.array(problemSchema),
});
export type Health = z.infer<typeof healthSchema>;
