import { z } from 'zod';
import { type Problem, problems } from '../problems.ts';

const codes = Object.keys(problems) as [keyof typeof problems, ...(keyof typeof problems)[]];

export const problemSchema: z.ZodType<Problem> = z.object({
  code: z.enum(codes),
  kind: z.enum(['input', 'outside', 'defect']),
  params: z.record(z.string(), z.unknown()),
  title: z.string(),
  remedy: z.string(),
  action: z.string().optional(),
  traceId: z.string().optional(),
});

/** A DICOM UID, PS3.5 §9.1, taken tolerantly: real archives hold leading zeros and more than 64 characters. */
export const uid = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[0-9.]+$/, 'digits and dots');

/** PS3.5 Table 6.2-1, AE: at most 16 characters of the default repertoire, no backslash, not only spaces. */
export const aeTitle = z
  .string()
  .trim()
  .min(1, '1 to 16 characters')
  .max(16, '1 to 16 characters')
  .regex(/^[\x20-\x5b\x5d-\x7e]+$/, 'printable ASCII without a backslash');

export const port = z.coerce.number().int().min(1).max(65535);

/** Milliseconds since the epoch. */
export const time = z.number().int();

/** Query strings arrive as text; both doors share one schema. */
export const count = z.coerce.number().int().min(0);
export const page = { limit: z.coerce.number().int().min(1).max(1000).default(100), offset: count.default(0) };

export const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), total: z.number().int() });

export const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform(text => text === 'true')]);
