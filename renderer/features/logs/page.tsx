import { Button, Group, Stack, Text } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { Link, useLocation, useSearch } from 'wouter';
import type { LogRecord, LogSource } from '../../../shared/schemas/logs.ts';
import { client } from '../../client/connection.ts';
import { bytes } from '../../ui/format.ts';
import { type LineLook, LogView, type ShownLine } from '../../ui/log-view.tsx';
import { Empty, Failed, Loading, PageHead } from '../../ui/page.tsx';
import { words } from '../../words/words.ts';
import { ChosenSources } from './chosen-sources.tsx';
import { asText } from './export-lines.ts';
import { filterOf, isFiltered, type LogQuery, markOf, queryText, readQuery } from './log-query.ts';
import type { LogWindow } from './log-window.ts';
import { hueOf, nameOf, pageOf } from './source-names.ts';
import { copyText, Toolbar } from './toolbar.tsx';
import { type Counted, useLogCount } from './use-log-count.ts';
import { useLogWindow } from './use-log-window.ts';

const { log: w } = words;
const usual: LineLook = { timestamps: true, wrap: true, foldJson: true };

/** The one log: whose lines, merged by time, live and back to the oldest that is kept. */
export function LogPage() {
  const search = useSearch();
  const [, navigate] = useLocation();
  const query = useMemo(() => readQuery(search), [search]);
  const change = useCallback(
    (part: Partial<LogQuery>) => {
      // Another filter is another place: the line that was chosen may not be there.
      const next = { ...readQuery(location.search), ...('line' in part ? {} : { line: null }), ...part };
      navigate(`/log?${queryText(next)}`.replace(/\?$/, ''), { replace: true });
    },
    [navigate],
  );
  const [look, setLook] = useLocalStorage<LineLook>({ key: 'gantry-log-look', defaultValue: usual });
  const [picking, setPicking] = useState(false);
  const { data: about } = useQuery({
    queryKey: ['log-sources'],
    queryFn: () => client.logs.sources(),
    refetchInterval: picking ? 2000 : 10_000,
  });
  const known = useMemo(() => new Map((about?.items ?? []).map(source => [source.key, source])), [about]);
  const filter = useMemo(() => filterOf(query), [query]);
  const { window, error, looking, onTop, onBottom, follow } = useLogWindow(filter, query.line);
  const counted = useLogCount(filter);
  const lines = useShown(window.lines, known);
  const find = useMemo(() => markOf(query), [query]);
  const choose = useCallback((line: ShownLine) => change({ line: line.key }), [change]);
  const chosen = query.line === null ? undefined : window.lines.find(line => line.seq === query.line);
  const kept = about?.kept;
  return (
    <>
      <PageHead
        title={w.title}
        lead={kept && w.kept(Math.max(0, kept.newest - kept.oldest + 1), bytes(kept.bytes), bytes(kept.limitBytes))}
      />
      <Toolbar
        query={query}
        onChange={change}
        look={look}
        onLook={setLook}
        sources={about?.items ?? []}
        onSourcesOpen={setPicking}
        onCopy={() => copyText(asText(window.lines), w.copied(window.lines.length))}
      />
      <ChosenSources query={query} known={known} onChange={change} />
      <Said window={window} counted={counted} problem={kept?.problem ?? null} line={query.line} />
      {error ? (
        <Failed error={error} />
      ) : !window.loaded ? (
        <Loading />
      ) : lines.length === 0 && !looking ? (
        <Empty>{isFiltered(query) ? w.emptyFilter : w.empty}</Empty>
      ) : (
        <div className="log-fill">
          <LogView
            lines={lines}
            height="100%"
            look={look}
            find={find}
            chosen={query.line}
            opened={window.opened}
            onChoose={choose}
            actions={chosen && <LineActions line={chosen} filtered={isFiltered(query)} onChange={change} />}
            following={window.following}
            onFollow={follow}
            below={window.below}
            onTop={onTop}
            onBottom={onBottom}
            head={<Head window={window} looking={looking} />}
          />
        </div>
      )}
    </>
  );
}

/** Objects of lines that are drawn already stay the same, so that only new ones are drawn. */
function useShown(lines: LogRecord[], known: ReadonlyMap<string, LogSource>): ShownLine[] {
  const shown = useMemo(() => {
    void known;
    return new WeakMap<LogRecord, ShownLine>();
  }, [known]);
  return useMemo(
    () =>
      lines.map(line => {
        const before = shown.get(line);
        if (before) return before;
        const { seq, at, source, level, stream, text } = line;
        const kind = level === 'info' && stream !== 'gantry' ? stream : level;
        const made: ShownLine = { key: seq, at, label: nameOf(source, known), hue: hueOf(source), kind, text };
        shown.set(line, made);
        return made;
      }),
    [lines, known, shown],
  );
}

/** What was searched and what was skipped is never silent. */
function Said({
  window,
  counted,
  problem,
  line,
}: {
  window: LogWindow;
  counted: Counted | null;
  problem: string | null;
  line: number | null;
}) {
  const gone = window.loaded && line !== null && line < window.oldest;
  if (!counted && window.skipped === 0 && !problem && !gone) return null;
  return (
    <Stack gap={2}>
      {counted && (
        <Text size="sm" role="status">
          {counted.done ? w.matches(counted.matches, counted.lines) : w.looking(counted.matches, counted.lines)}
        </Text>
      )}
      {window.skipped > 0 && (
        <Text size="sm" role="status">
          {w.skipped(window.skipped)}
        </Text>
      )}
      {gone && (
        <Text size="sm" role="status">
          {w.lineGone(line)}
        </Text>
      )}
      {problem && (
        <Text size="sm" role="alert" c="red">
          {w.notWritten} {problem}
        </Text>
      )}
    </Stack>
  );
}

function Head({ window, looking }: { window: LogWindow; looking: boolean }) {
  if (looking) return <div className="log-head">{w.loadingOlder}</div>;
  return window.atOldest ? <div className="log-head">{w.atOldest(window.oldest - 1)}</div> : null;
}

function LineActions({
  line,
  filtered,
  onChange,
}: {
  line: LogRecord;
  filtered: boolean;
  onChange: (part: Partial<LogQuery>) => void;
}) {
  const page = pageOf(line.source);
  return (
    <Group gap={4} className="log-actions" onClick={event => event.stopPropagation()}>
      <Button size="compact-xs" variant="default" onClick={() => copyText(asText([line]), w.copied(1))}>
        {w.copy}
      </Button>
      <Button size="compact-xs" variant="default" onClick={() => copyText(location.href, w.linked)}>
        {w.link}
      </Button>
      {page && (
        <Button component={Link} href={page.href} size="compact-xs" variant="default">
          {page.name}
        </Button>
      )}
      {filtered && (
        <Button
          size="compact-xs"
          variant="default"
          onClick={() => onChange({ sources: [], level: 'debug', stream: '', find: '', line: line.seq })}
        >
          {w.context}
        </Button>
      )}
    </Group>
  );
}
