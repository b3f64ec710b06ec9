import type { LineLevel, LineStream, LogFilter, LogRecord } from '../../../shared/schemas/logs.ts';

/** Whose lines they are. The key is for ever, the name is for the reader. */
export interface LineSource {
  key: string;
  name: string;
}

/** A line before it has its number. */
export interface NewLine {
  at: number;
  source: LineSource;
  level: LineLevel;
  stream: LineStream;
  text: string;
  /** Counts the lines of a source that may tell them again from the start: those that are kept are not taken twice. */
  place?: number;
}

const levelOfLetter = { d: 'debug', i: 'info', w: 'warn', e: 'error' } as const;
const streamOfLetter = { o: 'stdout', e: 'stderr', g: 'gantry' } as const;
const letterOfStream = { stdout: 'o', stderr: 'e', gantry: 'g' } as const;

/** Level and stream of a line as the two letters that begin its record. */
export const kindOf = ({ level, stream }: Pick<NewLine, 'level' | 'stream'>) => level[0] + letterOfStream[stream];
export const levelOf = (kind: string): LineLevel => levelOfLetter[kind[0] as keyof typeof levelOfLetter] ?? 'info';
export const streamOf = (kind: string): LineStream =>
  streamOfLetter[kind[1] as keyof typeof streamOfLetter] ?? 'gantry';

/**
 * A record is one line of its segment: `KIND SOURCE \t SEQ \t AT \t TEXT`, numbers in base 36, the source by its place among
 * the `=` lines of the same segment. The text stands there as it is, so that a search needs no decoding.
 */
export const encodeRecord = (kind: string, source: number, { seq, at, text }: LogRecord) =>
  `${kind}${source.toString(36)}\t${seq.toString(36)}\t${at.toString(36)}\t${text}\n`;
export const encodeSource = (source: LineSource) => `=${JSON.stringify(source)}\n`;

/** A source is chosen by its own key, or by one above it. */
export const isOf = (key: string, chosen: readonly string[] | undefined) =>
  !chosen?.length || chosen.some(one => key === one || (key.startsWith(one) && key[one.length] === '/'));

/** Whether a filter takes lines of this kind and source, its text aside. */
export function takes(
  { sources, levels, streams }: LogFilter,
  line: { source: string; level: LineLevel; stream: LineStream },
): boolean {
  if (levels?.length && !levels.includes(line.level)) return false;
  if (streams?.length && !streams.includes(line.stream)) return false;
  return isOf(line.source, sources);
}

/** Where the hub's words for a source belong: `run 7` is below the run, a room below the core. */
export function hubSource(words: string): LineSource {
  const of = /^(run|association|delivery) (\d+)$/.exec(words);
  if (of) return { key: `${of[1]}/${of[2]}`, name: of[1] === 'delivery' ? `delivery of run ${of[2]}` : words };
  return words === 'delivery' ? { key: 'delivery', name: words } : { key: `core/${words}`, name: words };
}

const named =
  /(?:^|[\s[(|<"'=:])(FATAL|PANIC|CRITICAL|SEVERE|ERROR|ERR|WARNING|WARN|INFO|DEBUG|TRACE)(?=[\s\]):|>"',]|$)/;
const field = /(?:"(?:level|severity|levelname)"\s*:\s*|\blevel=)"?([a-z]+|\d+)/i;
const levelOfWord: Record<string, LineLevel> = {
  fatal: 'error',
  panic: 'error',
  critical: 'error',
  severe: 'error',
  error: 'error',
  err: 'error',
  warning: 'warn',
  warn: 'warn',
  debug: 'debug',
  trace: 'debug',
  // pino and bunyan
  '60': 'error',
  '50': 'error',
  '40': 'warn',
  '20': 'debug',
  '10': 'debug',
};
/** Levels stand at the front; a word deep in a long line says nothing of it. */
const lookAt = 200;

/** What a container's line says of its own level; most say nothing, and count as info. */
export function levelInText(text: string): LineLevel {
  const front = text.length > lookAt ? text.slice(0, lookAt) : text;
  const word = (field.exec(front) ?? named.exec(front))?.[1];
  return (word && levelOfWord[word.toLowerCase()]) || 'info';
}
