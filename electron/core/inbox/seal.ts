import { z } from 'zod';

/**
 * What (0002,0102) Private Information of a stored file says: the proof that the file is whole, and where it came from.
 * It is written last, before the fsync, so that a file with a seal that fits its data set was received completely.
 */
const sealSchema = z.object({
  version: z.literal(1),
  bytes: z.number().int().nonnegative(),
  /** CRC-32 of the data set: enough to tell a torn file, and ready before the sync, during which SHA-256 is computed. */
  crc: z.number().int().nonnegative(),
  association: z.number().int(),
  callingAe: z.string().max(16),
  calledAe: z.string().max(16),
  host: z.string().max(253),
  port: z.number().int(),
  tls: z.boolean(),
  receivedAt: z.number().int(),
});
export type Seal = Omit<z.infer<typeof sealSchema>, 'version'>;

/** Room for the longest seal: a host name of 253 bytes and two AE titles. */
export const sealBytes = 640;

export function writeSeal(seal: Seal): Buffer {
  const printable = (text: string) => text.replace(/[^\x20-\x7e]|["\\]/g, '_');
  const { callingAe, calledAe, host } = seal;
  const clean = { ...seal, callingAe: printable(callingAe), calledAe: printable(calledAe), host: printable(host) };
  return Buffer.from(JSON.stringify({ version: 1, ...clean }).padEnd(sealBytes, ' '), 'latin1');
}

/** @returns undefined when the bytes are no seal, as in a file whose receipt was broken off */
export function readSeal(bytes: Buffer): Seal | undefined {
  try {
    return sealSchema.parse(JSON.parse(bytes.toString('latin1')));
  } catch {
    return undefined;
  }
}
