import { ActionIcon, Group, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { words } from '../../words/words.ts';
import type { LogQuery } from './log-query.ts';

const { log: w } = words;
/** A search begins when the typing rests. */
const restMs = 300;

/** What to search for, as text or as an expression. */
export function SearchField({ query, onChange }: { query: LogQuery; onChange: (part: Partial<LogQuery>) => void }) {
  const [text, setText] = useState(query.find);
  useEffect(() => setText(query.find), [query.find]);
  useEffect(() => {
    if (text === query.find) return;
    const timer = setTimeout(() => onChange({ find: text }), restMs);
    return () => clearTimeout(timer);
  }, [text, query.find, onChange]);
  const toggle = (label: string, sign: string, on: boolean, change: Partial<LogQuery>) => (
    <ActionIcon
      size="sm"
      variant={on ? 'filled' : 'subtle'}
      color={on ? undefined : 'gray'}
      aria-label={label}
      title={label}
      aria-pressed={on}
      onClick={() => onChange(change)}
    >
      <span className="mono">{sign}</span>
    </ActionIcon>
  );
  return (
    <TextInput
      size="xs"
      flex="1 1 220px"
      placeholder={w.find}
      aria-label={w.find}
      value={text}
      onChange={event => setText(event.currentTarget.value)}
      onKeyDown={event => event.key === 'Enter' && onChange({ find: text })}
      rightSectionWidth={58}
      rightSection={
        <Group gap={2} wrap="nowrap">
          {toggle(w.matchCase, 'Aa', query.matchCase, { matchCase: !query.matchCase })}
          {toggle(w.regex, '.*', query.regex, { regex: !query.regex })}
        </Group>
      }
    />
  );
}
