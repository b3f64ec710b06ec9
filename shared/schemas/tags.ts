import { z } from 'zod';
import { uid } from './common.ts';

export const instanceQuerySchema = z.object({
  sopInstanceUid: uid,
  /** The newest one when it is not given. */
  version: z.coerce.number().int().positive().optional(),
});

/** An element of a data set; those of an item follow their sequence, one deeper. */
export const tagSchema = z.object({
  depth: z.number().int(),
  /** `(0010,0010)`; an item has none. */
  tag: z.string(),
  vr: z.string(),
  /** Of the data dictionary, PS3.6; '' for private and unknown ones. */
  keyword: z.string(),
  /** As text, by the character set; cut when it is long. '' for bulk data and sequences. */
  value: z.string(),
  /** In bytes; null where it is undefined. */
  length: z.number().int().nullable(),
});
export type Tag = z.infer<typeof tagSchema>;

export const tagsSchema = z.object({
  studyInstanceUid: z.string(),
  items: z.array(tagSchema),
  total: z.number().int(),
  /** Why there is not more; '' when this is all before the pixel data. */
  problem: z.string(),
});
export type InstanceTags = z.infer<typeof tagsSchema>;
