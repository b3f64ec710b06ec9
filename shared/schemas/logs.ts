import { z } from 'zod';
import { count, flag, time } from './common.ts';

/** A line of Gantry's own log. Never holds patient data: UIDs, AE titles, hosts, paths and numbers only. */
export const hubLineSchema = z.object({
  seq: z.number().int(),
  at: time,
  level: z.enum(['info', 'warn', 'error']),
  /** Room that wrote it, or `run ID`, `association ID`, `delivery ID` for what belongs to one of them. */
  source: z.string(),
  line: z.string(),
});
export type HubLine = z.infer<typeof hubLineSchema>;
export const logFollowSchema = z.object({ after: z.coerce.number().int().default(0), source: z.string().optional() });
export const logBatchSchema = z.object({ lines: z.array(hubLineSchema), skipped: z.number().int() });

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LineLevel = (typeof logLevels)[number];
export const logStreams = ['stdout', 'stderr', 'gantry'] as const;
export type LineStream = (typeof logStreams)[number];

/** A line of the one log: of a container, a step, an association, a delivery or Gantry itself. */
export const logRecordSchema = z.object({
  /** Grows by one with each line that comes in, for the life of the data directory. */
  seq: z.number().int(),
  /** When it was written, by the clock of the writer. */
  at: time,
  /** `container/ID`, `run/ID/STEP/CONTAINER`, `run/ID`, `association/ID`, `delivery/RUN` or `core/ROOM`. */
  source: z.string(),
  level: z.enum(logLevels),
  stream: z.enum(logStreams),
  text: z.string(),
});
export type LogRecord = z.infer<typeof logRecordSchema>;

/** Query strings give one value, or several with commas. */
const several = <T extends z.ZodType<string>>(item: T) =>
  z.preprocess(
    value => (typeof value === 'string' ? value.split(',').filter(Boolean) : value),
    z.array(item).max(200).optional(),
  );

const filter = {
  /** Sources, each with all below it: `run/7` holds `run/7/0`. None means all. */
  sources: several(z.string().max(300)),
  levels: several(z.enum(logLevels)),
  streams: several(z.enum(logStreams)),
  /** Text to be found in the line; a regular expression with `regex`. */
  find: z.string().max(2000).optional(),
  regex: flag.optional(),
  matchCase: flag.optional(),
};
const seq = count.optional();
const limit = z.coerce.number().int().min(1).max(5000).default(1000);

export const logFilterSchema = z.object(filter);
export type LogFilter = z.infer<typeof logFilterSchema>;

export const logTailQuerySchema = z.object({
  ...filter,
  after: count.default(0),
  limit,
  /** Milliseconds to wait for a line when there is none. */
  wait: z.coerce.number().int().min(0).max(25_000).default(0),
});
export type LogTailQuery = z.infer<typeof logTailQuerySchema>;
export const logTailSchema = z.object({
  items: z.array(logRecordSchema),
  /** Lines between `after` and the first item that are not among the items; they stand in the store. */
  skipped: z.number().int(),
  /** Newest line that was looked at: the next `after`. */
  last: z.number().int(),
});
export type LogTail = z.infer<typeof logTailSchema>;

export const logPageQuerySchema = z.object({ ...filter, before: seq, after: seq, limit });
export type LogPageQuery = z.infer<typeof logPageQuerySchema>;
export const logPageSchema = z.object({
  /** In the order they came in. */
  items: z.array(logRecordSchema),
  /** How far was looked: go on from here when it is not `done`. */
  lookedTo: z.number().int(),
  done: z.boolean(),
  /** First line that is kept; those before it had to go. */
  oldest: z.number().int(),
  newest: z.number().int(),
});
export type LogPage = z.infer<typeof logPageSchema>;

export const logCountQuerySchema = z.object({ ...filter, before: seq });
export type LogCountQuery = z.infer<typeof logCountQuerySchema>;
export const logCountSchema = z.object({
  count: z.number().int(),
  /** Lines that were looked at. */
  lines: z.number().int(),
  lookedTo: z.number().int(),
  done: z.boolean(),
});
export type LogCount = z.infer<typeof logCountSchema>;

export const logTextQuerySchema = z.object({ ...filter, after: seq });
export type LogTextQuery = z.infer<typeof logTextQuerySchema>;
/** A piece of the log as text, a line a line: time, source, stream, level, text. */
export const logTextSchema = z.object({ text: z.string(), lookedTo: z.number().int(), done: z.boolean() });
export type LogText = z.infer<typeof logTextSchema>;

export const logSourceSchema = z.object({
  key: z.string(),
  kind: z.enum(['container', 'run', 'association', 'delivery', 'core']),
  name: z.string(),
  /** Kept lines of it. */
  lines: z.number().int(),
  lastAt: time.nullable(),
  /** Of a container: it runs now. */
  running: z.boolean(),
});
export type LogSource = z.infer<typeof logSourceSchema>;
export const logSourcesSchema = z.object({
  items: z.array(logSourceSchema),
  kept: z.object({
    oldest: z.number().int(),
    newest: z.number().int(),
    bytes: z.number().int(),
    limitBytes: z.number().int(),
    /** Why lines cannot be written to the disk now. */
    problem: z.string().nullable(),
  }),
});
export type LogSources = z.infer<typeof logSourcesSchema>;
