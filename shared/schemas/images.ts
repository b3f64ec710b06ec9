import { z } from 'zod';
import { listOf, time } from './common.ts';

/** An image of the engine under one of its names. */
export const imageSchema = z.object({ name: z.string(), bytes: z.number(), createdAt: time });
export type Image = z.infer<typeof imageSchema>;
export const imageListSchema = listOf(imageSchema);

export const imagePullSchema = z.object({ image: z.string().min(1).max(500) });
export const pullProgressSchema = z.object({
  /** What the engine said last. */
  text: z.string(),
  /** Of the layers that are known of so far. */
  doneBytes: z.number(),
  totalBytes: z.number(),
  ended: z.boolean(),
});
export type PullProgress = z.infer<typeof pullProgressSchema>;
