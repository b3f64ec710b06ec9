import { z } from 'zod';
import { count, listOf, page, time, uid } from './common.ts';

export const studySchema = z.object({
  studyInstanceUid: z.string(),
  patientId: z.string(),
  patientName: z.string(),
  patientBirthDate: z.string(),
  patientSex: z.string(),
  studyDate: z.string(),
  studyTime: z.string(),
  studyDescription: z.string(),
  accessionNumber: z.string(),
  modalities: z.array(z.string()),
  seriesCount: z.number().int(),
  instanceCount: z.number().int(),
  bytes: z.number(),
  receivedAt: time,
  updatedAt: time,
  /** Its runs, by what became of them; a cancelled one is in none. */
  runs: z.object({ active: z.number().int(), sent: z.number().int(), failed: z.number().int() }),
});
export type Study = z.infer<typeof studySchema>;

const sortable = ['studyDate', 'patientName', 'patientId', 'accessionNumber', 'updatedAt', 'receivedAt'] as const;
const sorts = sortable.flatMap(key => [key, `-${key}`] as const);

export const studyQuerySchema = z.object({
  /** Found anywhere in patient name, patient ID, accession number or study description; "quotes" ask for the whole value. */
  search: z.string().max(200).optional(),
  patientId: z.string().max(64).optional(),
  patientName: z.string().max(324).optional(),
  accessionNumber: z.string().max(64).optional(),
  studyDescription: z.string().max(200).optional(),
  studyInstanceUid: uid.optional(),
  /** YYYYMMDD or YYYY-MM-DD, inclusive. */
  from: z
    .string()
    .regex(/^\d{4}-?\d{2}-?\d{2}$/, 'YYYYMMDD')
    .optional(),
  to: z
    .string()
    .regex(/^\d{4}-?\d{2}-?\d{2}$/, 'YYYYMMDD')
    .optional(),
  /** One or several, e.g. `CT,MR`. */
  modality: z.string().max(100).optional(),
  sort: z.enum(sorts as [(typeof sorts)[number], ...(typeof sorts)[number][]]).default('-studyDate'),
  ...page,
});
export type StudyQuery = z.infer<typeof studyQuerySchema>;
export const studyListSchema = listOf(studySchema);

export const instanceSchema = z.object({
  sopInstanceUid: z.string(),
  version: z.number().int(),
  sopClassUid: z.string(),
  sopClass: z.string(),
  transferSyntaxUid: z.string(),
  instanceNumber: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  receivedAt: time,
  callingAe: z.string(),
});
export const seriesSchema = z.object({
  seriesInstanceUid: z.string(),
  modality: z.string(),
  seriesNumber: z.string(),
  seriesDescription: z.string(),
  bodyPartExamined: z.string(),
  instanceCount: z.number().int(),
  bytes: z.number(),
  /** SOP Instance UIDs of which more than one version is kept. */
  conflicts: z.number().int(),
  instances: z.array(instanceSchema),
});
export const studyDetailSchema = studySchema.extend({
  series: z.array(seriesSchema),
  runIds: z.array(z.number().int()),
});
export type StudyDetail = z.infer<typeof studyDetailSchema>;

export const studyDeleteSchema = z.object({
  studyInstanceUid: uid,
  /** Typed by whoever deletes: the Patient ID, or DELETE. */
  confirm: z.string().max(200),
});
export const studyDeletedSchema = z.object({
  studyInstanceUid: z.string(),
  instances: z.number().int(),
  bytes: z.number(),
});

/** What happened to a study; `data` differs by event and holds no patient data. */
export const journalEventSchema = z.enum([
  'received',
  'duplicate',
  'conflict',
  'incomplete',
  'recovered',
  'matched',
  'asked',
  'not-matched',
  'run-started',
  'step-ended',
  'ran',
  'failed',
  'cancelled',
  'delivered',
  'delivery-failed',
  'files-removed',
  'deleted',
]);
export type JournalEvent = z.infer<typeof journalEventSchema>;
export const journalEntrySchema = z.object({
  id: z.number().int(),
  at: time,
  event: journalEventSchema,
  /** The event in words. */
  text: z.string(),
  data: z.record(z.string(), z.unknown()),
});
export const journalQuerySchema = z.object({
  studyInstanceUid: uid,
  limit: z.coerce.number().int().min(1).max(10000).default(1000),
  offset: count.default(0),
});
export const journalSchema = listOf(journalEntrySchema);
export type JournalEntry = z.infer<typeof journalEntrySchema>;
