import { Button, Group, Pill } from '@mantine/core';
import { Link } from 'wouter';
import type { LogSource } from '../../../shared/schemas/logs.ts';
import { words } from '../../words/words.ts';
import { isFiltered, type LogQuery } from './log-query.ts';
import { hueOf, nameOf, pageOf } from './source-names.ts';

const { log: w } = words;

/** What is filtered by, with the way back to where it came from. */
export function ChosenSources({
  query,
  known,
  onChange,
}: {
  query: LogQuery;
  known: ReadonlyMap<string, LogSource>;
  onChange: (part: Partial<LogQuery>) => void;
}) {
  const pages = new Map(query.sources.map(pageOf).flatMap(page => (page ? [[page.href, page.name]] : [])));
  if (!isFiltered(query)) return null;
  return (
    <Group gap="xs">
      {query.sources.map(key => (
        <Pill
          key={key}
          withRemoveButton
          onRemove={() => onChange({ sources: query.sources.filter(one => one !== key) })}
        >
          <span className="log-source" style={{ '--hue': hueOf(key) } as React.CSSProperties}>
            {key in w.kinds ? w.kinds[key as keyof typeof w.kinds] : nameOf(key, known)}
          </span>
        </Pill>
      ))}
      {[...pages].map(([href, name]) => (
        <Button key={href} component={Link} href={href} size="compact-xs" variant="light">
          {name}
        </Button>
      ))}
      <Button
        size="compact-xs"
        variant="subtle"
        onClick={() => onChange({ sources: [], level: 'debug', stream: '', find: '', line: null })}
      >
        {w.clear}
      </Button>
    </Group>
  );
}
