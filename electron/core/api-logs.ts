import type { LogFilter } from '../../shared/schemas/logs.ts';
import type { Core } from './compose.ts';

/** The log as windows ask for it: with the containers of the engine, and with studies as sources. */
export function createLogApi({ logs, engine, logSources }: Core) {
  /** What tells of a study is looked up each time: a new run of it comes in by itself. */
  const withStudies = <Q extends LogFilter>(query: Q): Q => ({
    ...query,
    sources: query.sources?.flatMap(key =>
      // The key itself stays: a study without lines must not mean all lines.
      key.startsWith('study/') ? [key, ...logSources(key.slice('study/'.length))] : [key],
    ),
  });
  return {
    sources: () => logs.sources(engine.logs.list()),
    page: (query: Parameters<typeof logs.page>[0]) => logs.page(withStudies(query)),
    count: (query: Parameters<typeof logs.count>[0]) => logs.count(withStudies(query)),
    text: (query: Parameters<typeof logs.text>[0]) => logs.text(withStudies(query)),
    tail(query: Parameters<typeof logs.tail>[0], signal: AbortSignal | undefined) {
      engine.logs.watch(query.sources);
      return logs.tail(withStudies(query), signal);
    },
  };
}
