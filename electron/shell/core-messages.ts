import { z } from 'zod';
import { problemSchema } from '../../shared/schemas/common.ts';
import { hubLineSchema } from '../../shared/schemas/logs.ts';

/** What main and the core process say to each other; a window's calls go over their own port. */
export const toCoreSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('start'), parameters: z.array(z.string()), defaultDataDirectory: z.string() }),
  z.object({ kind: z.literal('port') }),
  z.object({
    kind: z.literal('instance-file'),
    id: z.number(),
    sopInstanceUid: z.string(),
    version: z.number().nullable(),
  }),
  z.object({ kind: z.literal('stop') }),
]);
export type ToCore = z.infer<typeof toCoreSchema>;

export const fromCoreSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), dataDirectory: z.string() }),
  z.object({ kind: z.literal('failed'), problem: problemSchema }),
  z.object({ kind: z.literal('stopped') }),
  z.object({ kind: z.literal('log'), line: hubLineSchema }),
  z.object({
    kind: z.literal('instance-file'),
    id: z.number(),
    path: z.string().optional(),
    sha256: z.string().optional(),
    problem: problemSchema.optional(),
  }),
]);
export type FromCore = z.infer<typeof fromCoreSchema>;
