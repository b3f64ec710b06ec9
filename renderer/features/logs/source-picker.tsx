import { Badge, Button, Checkbox, Group, Popover, ScrollArea, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { LogSource } from '../../../shared/schemas/logs.ts';
import { words } from '../../words/words.ts';
import { hueOf } from './source-names.ts';

const { log: w } = words;
const kinds = ['container', 'run', 'association', 'delivery', 'core'] as const;
/** Of one kind; the rest is found by its name. */
const mostShown = 50;

interface Props {
  sources: LogSource[];
  chosen: string[];
  onChoose: (chosen: string[]) => void;
  onOpen: (open: boolean) => void;
}

/** Whose lines are shown: all, whole kinds, or one by one. */
export function SourcePicker({ sources, chosen, onChoose, onOpen }: Props) {
  const [find, setFind] = useState('');
  const matching = sources.filter(({ name }) => name.toLowerCase().includes(find.toLowerCase()));
  const toggle = (key: string) => onChoose(chosen.includes(key) ? chosen.filter(one => one !== key) : [...chosen, key]);
  return (
    <Popover position="bottom-start" width={380} shadow="md" onChange={onOpen} trapFocus>
      <Popover.Target>
        <Button variant="default" size="xs" onClick={() => onOpen(true)}>
          {chosen.length === 0 ? w.allSources : `${w.sources} (${chosen.length})`} ▾
        </Button>
      </Popover.Target>
      <Popover.Dropdown p="xs">
        <Stack gap="xs">
          <Group gap="xs" wrap="nowrap">
            <TextInput
              size="xs"
              flex={1}
              placeholder={w.findSource}
              aria-label={w.findSource}
              value={find}
              onChange={event => setFind(event.currentTarget.value)}
              data-autofocus
            />
            <Button size="xs" variant="subtle" disabled={chosen.length === 0} onClick={() => onChoose([])}>
              {w.allSources}
            </Button>
          </Group>
          <ScrollArea.Autosize mah={420} type="auto">
            <Stack gap="sm">
              {kinds.map(kind => {
                const some = matching.filter(source => source.kind === kind);
                if (some.length === 0) return null;
                return (
                  <Stack key={kind} gap={4}>
                    <Checkbox
                      size="xs"
                      fw={600}
                      label={w.kinds[kind]}
                      checked={chosen.includes(kind)}
                      onChange={() => toggle(kind)}
                    />
                    {kind === 'container' && (
                      <Text size="xs" c="dimmed">
                        {w.watchHint}
                      </Text>
                    )}
                    {some.slice(0, mostShown).map(source => (
                      <SourceRow
                        key={source.key}
                        source={source}
                        checked={chosen.includes(source.key) || chosen.includes(kind)}
                        onToggle={() => toggle(source.key)}
                      />
                    ))}
                  </Stack>
                );
              })}
              {matching.length === 0 && (
                <Text size="sm" c="dimmed">
                  {w.noSource}
                </Text>
              )}
            </Stack>
          </ScrollArea.Autosize>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function SourceRow({ source, checked, onToggle }: { source: LogSource; checked: boolean; onToggle: () => void }) {
  const { key, name, running, lines } = source;
  return (
    <Group gap="xs" wrap="nowrap" pl="md" justify="space-between">
      <Checkbox
        size="xs"
        checked={checked}
        onChange={onToggle}
        label={
          <span className="log-source" style={{ '--hue': hueOf(key) } as React.CSSProperties} title={key}>
            {name}
          </span>
        }
      />
      <Group gap={6} wrap="nowrap">
        {running && (
          <Badge size="xs" variant="light" color="teal">
            {w.running}
          </Badge>
        )}
        <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
          {w.linesOf(lines)}
        </Text>
      </Group>
    </Group>
  );
}
