import { z } from 'zod';
import { count, flag, listOf, page, problemSchema, time } from './common.ts';

/**
 *   running ──all files looked at──> finished
 *      ├─────somebody cancelled────> cancelled      what was imported stays
 *      ├─────disk full─────────────> failed
 *      └─────Gantry, or the window that sent the files, went away──> interrupted
 */
export const importStates = ['running', 'finished', 'cancelled', 'failed', 'interrupted'] as const;
export type ImportState = (typeof importStates)[number];

export const importOutcomes = ['imported', 'duplicate', 'conflict', 'not-dicom', 'unreadable'] as const;
export type ImportOutcome = (typeof importOutcomes)[number];

export const importSchema = z.object({
  id: z.number().int(),
  /** What was dropped, in short. */
  label: z.string(),
  /** By path on the machine of the core, or sent by a browser. */
  source: z.enum(['paths', 'upload']),
  state: z.enum(importStates),
  /** Whether flows consider what it brings. */
  evaluate: z.boolean(),
  startedAt: time,
  endedAt: time.nullable(),
  /** Files and bytes found so far; final when `counted`. */
  foundFiles: z.number().int(),
  foundBytes: z.number(),
  counted: z.boolean(),
  doneFiles: z.number().int(),
  doneBytes: z.number(),
  imported: z.number().int(),
  duplicates: z.number().int(),
  conflicts: z.number().int(),
  notDicom: z.number().int(),
  unreadable: z.number().int(),
  filesPerSecond: z.number(),
  bytesPerSecond: z.number(),
  /** Null while it cannot be told. */
  secondsLeft: z.number().nullable(),
  problem: problemSchema.nullable(),
});
export type Import = z.infer<typeof importSchema>;
export const importListSchema = listOf(importSchema);
export const importQuerySchema = z.object(page);
export const importIdSchema = z.object({ id: z.coerce.number().int().positive() });

export const importStartSchema = z.object({
  /** Folders, files, ZIP archives or DICOMDIRs on the machine the core runs on. */
  paths: z.array(z.string().min(1).max(4096)).min(1).max(10_000),
  evaluate: flag.default(false),
});
export const importUploadSchema = z.object({ label: z.string().min(1).max(200), evaluate: flag.default(false) });
/** How much the sender has found: files and bytes, and whether that is all. */
export const importFoundSchema = z.object({ foundFiles: count, foundBytes: count, counted: flag.default(false) });
export const importFinishSchema = importIdSchema.extend(importFoundSchema.shape);
/** Of the request that carries one file. */
export const importFileSchema = importFoundSchema.extend({
  name: z.string().min(1).max(4096),
  /** Why the sender could not read the file; then nothing is sent of it. */
  reason: z.string().min(1).max(500).optional(),
});

export const importReportQuerySchema = importIdSchema.extend({ outcome: z.enum(importOutcomes).optional(), ...page });
export const importedFileSchema = z.object({
  id: z.number().int(),
  file: z.string(),
  outcome: z.enum(importOutcomes),
  /** Empty when it was imported. */
  reason: z.string(),
});
export type ImportedFile = z.infer<typeof importedFileSchema>;
/** Every file that was not simply imported. */
export const importReportSchema = listOf(importedFileSchema);
