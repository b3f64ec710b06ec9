import { z } from 'zod';
import { collect, verdictSchema } from './batches.ts';
import { aeTitle, listOf, port, problemSchema, time, uid } from './common.ts';

/** A flow as it runs: defaults filled in, docker_kwargs mapped to the Engine API. Made by flows/definition. */
export const containerSpecSchema = z.object({
  /** Body of `POST /containers/create`, the part a flow may reach. */
  Image: z.string().min(1),
  Cmd: z.array(z.string()).optional(),
  Entrypoint: z.array(z.string()).optional(),
  Env: z.array(z.string()).default([]),
  User: z.string().optional(),
  Labels: z.record(z.string(), z.string()).default({}),
  NetworkDisabled: z.boolean().optional(),
  ExposedPorts: z.record(z.string(), z.object({})).optional(),
  HostConfig: z.record(z.string(), z.unknown()).default({}),
});
export type ContainerSpec = z.infer<typeof containerSpecSchema>;

export const modelSchema = z.object({
  name: z.string(),
  container: containerSpecSchema,
  gpu: z.boolean(),
  inputDir: z.string(),
  outputDir: z.string(),
  pullBeforeExec: z.boolean(),
  timeoutSeconds: z.number().positive(),
  staticMounts: z.array(z.object({ name: z.string(), target: z.string() })),
  network: z.enum(['none', 'bridge']),
});
export type Model = z.infer<typeof modelSchema>;

export const destinationSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('dicom'), host: z.string().min(1), port, aeTitle }),
  z.object({ kind: z.literal('peer'), peer: z.string().min(1) }),
  /** Absolute, or below DATA/folders. */
  z.object({ kind: z.literal('folder'), path: z.string().min(1) }),
]);
export type Destination = z.infer<typeof destinationSchema>;

export const flowSchema = z.object({
  name: z.string(),
  version: z.string(),
  priority: z.number().int().min(0).max(5),
  enabled: z.boolean(),
  collect,
  quietMs: z.number().int().min(0),
  tarSubdir: z.array(z.string()),
  /** All keys of one trigger in one instance; all triggers met. */
  triggers: z.array(z.record(z.string(), z.string())),
  models: z.array(modelSchema),
  destinations: z.array(destinationSchema),
  returnToSenderOnPort: z.array(port),
});
export type Flow = z.infer<typeof flowSchema>;

/** Where in the file and what; `severity: warning` does not make a flow invalid. */
export const flowProblemSchema = z.object({
  severity: z.enum(['error', 'warning']),
  line: z.number().int(),
  column: z.number().int(),
  path: z.string(),
  what: z.string(),
  remedy: z.string(),
});
export type FlowProblem = z.infer<typeof flowProblemSchema>;

export const flowSummarySchema = z.object({
  file: z.string(),
  name: z.string(),
  version: z.string(),
  enabled: z.boolean(),
  valid: z.boolean(),
  priority: z.number().int(),
  collect,
  models: z.array(z.string()),
  destinations: z.array(z.string()),
  problems: z.array(flowProblemSchema),
});
export type FlowSummary = z.infer<typeof flowSummarySchema>;
export const flowListSchema = listOf(flowSummarySchema);

/** `etag` is the hash of the text: give it back on save to be told of a change in between. */
export const flowFileSchema = flowSummarySchema.extend({ text: z.string(), etag: z.string() });
export type FlowFile = z.infer<typeof flowFileSchema>;
export const flowNameSchema = z.object({ file: z.string().min(1).max(200) });
export const flowSaveSchema = flowNameSchema.extend({ text: z.string().max(1_000_000), etag: z.string().optional() });

/** A text that is not saved: what it would be, and what is wrong in it. */
export const flowCheckSchema = z.object({ text: z.string().max(1_000_000) });
export const flowCheckedSchema = flowSummarySchema.omit({ file: true });
export type FlowChecked = z.infer<typeof flowCheckedSchema>;

/** The keys that mean something in a flow file, by where they stand. */
export const flowKeysSchema = z.object({
  flow: z.array(z.string()),
  model: z.array(z.string()),
  dockerKwargs: z.array(z.string()),
  /** DICOM keywords whose values are text. */
  keywords: z.array(z.string()),
});
export type FlowKeys = z.infer<typeof flowKeysSchema>;

/** A text that a flow file had from `at` on. */
export const flowVersionSchema = z.object({
  id: z.string(),
  at: time,
  etag: z.string(),
  name: z.string(),
  version: z.string(),
  valid: z.boolean(),
  /** Runs that used it, and the newest of them. */
  runCount: z.number().int(),
  runIds: z.array(z.number().int()),
});
export type FlowVersion = z.infer<typeof flowVersionSchema>;
export const flowVersionListSchema = listOf(flowVersionSchema);
export const flowVersionNameSchema = flowNameSchema.extend({ id: z.string().max(60) });
export const flowVersionTextSchema = z.object({ id: z.string(), text: z.string() });
export type FlowVersionText = z.infer<typeof flowVersionTextSchema>;

/** A text without destinations, to be run on a stored study. */
export const testRunSchema = flowNameSchema.extend({ text: z.string().max(1_000_000), studyInstanceUid: uid });

/** A text against the saved file, over the studies that arrived in the last days. */
export const backTestSchema = flowNameSchema.extend({
  text: z.string().max(1_000_000),
  days: z.coerce.number().int().min(1).max(36_500).default(30),
});
const backTestStudySchema = z.object({
  studyInstanceUid: z.string(),
  patientName: z.string(),
  studyDate: z.string(),
  studyDescription: z.string(),
});
export type BackTestStudy = z.infer<typeof backTestStudySchema>;
export const backTestReportSchema = z.object({
  done: z.number().int(),
  total: z.number().int(),
  ended: z.boolean(),
  /** Studies that the text fires on, and that the saved file fires on. */
  fires: z.number().int(),
  savedFires: z.number().int(),
  /** False when there is no saved file, or it is refused: it fires on nothing. */
  savedValid: z.boolean(),
  /** Fires now and did not before, and the other way round; of many only the newest by name. */
  gainedCount: z.number().int(),
  lostCount: z.number().int(),
  gained: z.array(backTestStudySchema),
  lost: z.array(backTestStudySchema),
  /** Instances whose header could not be read. */
  unreadable: z.number().int(),
});
export type BackTestReport = z.infer<typeof backTestReportSchema>;

export const explainSchema = z
  .object({
    text: z.string().max(1_000_000),
    batchId: z.coerce.number().int().optional(),
    studyInstanceUid: z.string().optional(),
    /** A folder on the machine the core runs on. */
    folder: z.string().optional(),
    /** The beginning of one file, which is nowhere on that machine: its header is enough. */
    head: z.object({ name: z.string().max(1000), base64: z.base64().max(1_500_000) }).optional(),
  })
  .refine(v => [v.batchId, v.studyInstanceUid, v.folder, v.head].filter(x => x !== undefined).length === 1, {
    message: 'give exactly one of batchId, studyInstanceUid, folder, head',
  });
export const explanationSchema = z.object({
  valid: z.boolean(),
  problems: z.array(flowProblemSchema),
  instanceCount: z.number().int(),
  verdict: verdictSchema.nullable(),
  /** Files of a folder that could not be read as DICOM. */
  unreadable: z.array(z.object({ file: z.string(), problem: problemSchema })),
});
export type Explanation = z.infer<typeof explanationSchema>;
