import { z } from 'zod';
import { aeTitle, listOf, port, problemSchema } from './common.ts';

export const tlsClientSchema = z.object({
  /** PEM files on the machine the core runs on; without `ca` the system's authorities are trusted. */
  ca: z.string().optional(),
  certificate: z.string().optional(),
  key: z.string().optional(),
});
export const peerNameSchema = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'letters, digits, dot, dash, underscore');
export const peerSchema = z.object({
  name: peerNameSchema,
  aeTitle,
  host: z
    .string()
    .trim()
    .min(1)
    .max(253)
    .regex(/^[A-Za-z0-9:._%-]+$/, 'a host name or an address'),
  port,
  tls: tlsClientSchema.nullable().default(null),
  comment: z.string().max(1000).default(''),
});
export type Peer = z.infer<typeof peerSchema>;
export const peerListSchema = listOf(peerSchema);
/** The whole list: what is not in it is removed. */
export const peersReplaceSchema = z.object({ items: z.array(peerSchema).max(1000) });
/** A destination as deliveries name it, e.g. `dicom://AET@host:104`. */
export const destinationSchema = z.object({ destination: z.string().min(1).max(2000) });
export const echoSchema = z.object({ name: z.string() });
export const echoResultSchema = z.object({
  ok: z.boolean(),
  status: z.string().nullable(),
  milliseconds: z.number(),
  problem: problemSchema.nullable(),
});
export type EchoResult = z.infer<typeof echoResultSchema>;
