import {
  type LineLevel,
  type LineStream,
  type LogFilter,
  logLevels,
  logStreams,
} from '../../../shared/schemas/logs.ts';

/** What the page shows, as its address says it: whoever opens the address sees the same. */
export interface LogQuery {
  sources: string[];
  /** The least level that is shown. */
  level: LineLevel;
  stream: LineStream | '';
  find: string;
  regex: boolean;
  matchCase: boolean;
  /** The line it is about. */
  line: number | null;
}

const oneOf = <T extends string, D extends string>(values: readonly T[], text: string | null, otherwise: D) =>
  values.find(value => value === text) ?? otherwise;

export function readQuery(search: string): LogQuery {
  const query = new URLSearchParams(search);
  const line = Number(query.get('line'));
  return {
    sources: (query.get('source') ?? '').split(',').filter(Boolean),
    level: oneOf(logLevels, query.get('level'), 'debug'),
    stream: oneOf(logStreams, query.get('stream'), ''),
    find: query.get('find') ?? '',
    regex: query.has('regex'),
    matchCase: query.has('case'),
    line: Number.isInteger(line) && line > 0 ? line : null,
  };
}

export function queryText({ sources, level, stream, find, regex, matchCase, line }: LogQuery): string {
  const query = new URLSearchParams();
  if (sources.length > 0) query.set('source', sources.join(','));
  if (level !== 'debug') query.set('level', level);
  if (stream !== '') query.set('stream', stream);
  if (find !== '') query.set('find', find);
  if (find !== '' && regex) query.set('regex', '1');
  if (find !== '' && matchCase) query.set('case', '1');
  if (line !== null) query.set('line', String(line));
  // Keys and commas read better as they are, and mean the same.
  return query.toString().replaceAll('%2F', '/').replaceAll('%2C', ',');
}

export function filterOf({ sources, level, stream, find, regex, matchCase }: LogQuery): LogFilter {
  return {
    ...(sources.length > 0 && { sources }),
    ...(level !== 'debug' && { levels: logLevels.slice(logLevels.indexOf(level)) }),
    ...(stream !== '' && { streams: [stream] }),
    ...(find !== '' && { find, regex, matchCase }),
  };
}

export const isFiltered = (query: LogQuery) => Object.keys(filterOf(query)).length > 0;

/** What is marked in the lines. An expression that is none yet marks nothing. */
export function markOf({ find, regex, matchCase }: LogQuery): RegExp | null {
  if (find === '') return null;
  try {
    return new RegExp(regex ? find : find.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), matchCase ? 'g' : 'gi');
  } catch {
    return null;
  }
}
