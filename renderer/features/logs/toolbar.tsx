import { Button, Checkbox, Group, Menu, Popover, Select, Stack } from '@mantine/core';
import { useRef, useState } from 'react';
import { type LineLevel, type LineStream, type LogSource, logStreams } from '../../../shared/schemas/logs.ts';
import type { LineLook } from '../../ui/log-view.tsx';
import { say, sayFailed } from '../../ui/notices.tsx';
import { words } from '../../words/words.ts';
import { downloadLines } from './export-lines.ts';
import { filterOf, isFiltered, type LogQuery } from './log-query.ts';
import { SearchField } from './search-field.tsx';
import { SourcePicker } from './source-picker.tsx';

const { log: w, common } = words;
const levels = [
  { value: 'debug', label: w.allLevels },
  { value: 'info', label: w.infoUp },
  { value: 'warn', label: w.warnUp },
  { value: 'error', label: w.errors },
];
const streams = [{ value: '', label: w.allStreams }, ...logStreams.map(value => ({ value, label: w.streams[value] }))];

interface Props {
  query: LogQuery;
  onChange: (part: Partial<LogQuery>) => void;
  look: LineLook;
  onLook: (look: LineLook) => void;
  sources: LogSource[];
  onSourcesOpen: (open: boolean) => void;
  onCopy: () => void;
}

/** Which lines, how they look, and the ways to take them along. */
export function Toolbar({ query, onChange, look, onLook, sources, onSourcesOpen, onCopy }: Props) {
  return (
    <Group gap="xs" wrap="wrap">
      <SourcePicker
        sources={sources}
        chosen={query.sources}
        onChoose={chosen => onChange({ sources: chosen })}
        onOpen={onSourcesOpen}
      />
      <SearchField query={query} onChange={onChange} />
      <Select
        size="xs"
        w={170}
        aria-label={w.level}
        data={levels}
        value={query.level}
        onChange={value => onChange({ level: (value ?? 'debug') as LineLevel })}
        allowDeselect={false}
      />
      <Select
        size="xs"
        w={120}
        aria-label={w.stream}
        data={streams}
        value={query.stream}
        onChange={value => onChange({ stream: (value ?? '') as LineStream | '' })}
        allowDeselect={false}
      />
      <Look look={look} onLook={onLook} />
      <Button size="xs" variant="default" onClick={onCopy}>
        {w.copy}
      </Button>
      <Download query={query} />
    </Group>
  );
}

function Look({ look, onLook }: Pick<Props, 'look' | 'onLook'>) {
  const box = (key: keyof LineLook, label: string) => (
    <Checkbox
      size="xs"
      label={label}
      checked={look[key]}
      onChange={event => onLook({ ...look, [key]: event.currentTarget.checked })}
    />
  );
  return (
    <Popover position="bottom-end" shadow="md" trapFocus>
      <Popover.Target>
        <Button size="xs" variant="default">
          {w.view} ▾
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          {box('timestamps', w.timestamps)}
          {box('wrap', w.wrap)}
          {box('foldJson', w.foldJson)}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function Download({ query }: { query: LogQuery }) {
  const [lines, setLines] = useState<number | null>(null);
  const working = useRef<AbortController | null>(null);
  const download = (filter: Parameters<typeof downloadLines>[0]) => {
    const controller = new AbortController();
    working.current = controller;
    setLines(0);
    downloadLines(filter, setLines, controller.signal)
      .catch(error => {
        if (!controller.signal.aborted) sayFailed(error);
      })
      .finally(() => setLines(null));
  };
  if (lines !== null) {
    return (
      <Button size="xs" variant="default" onClick={() => working.current?.abort()}>
        {w.downloading(lines)} {common.cancel}
      </Button>
    );
  }
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button size="xs" variant="default">
          {w.download} ▾
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item disabled={!isFiltered(query)} onClick={() => download(filterOf(query))}>
          {w.downloadFiltered}
        </Menu.Item>
        <Menu.Item onClick={() => download({})}>{w.downloadAll}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Copies, and says how much: a clipboard shows nothing. */
export function copyText(text: string, told: string): void {
  navigator.clipboard
    .writeText(text)
    .then(() => say(told))
    .catch(sayFailed);
}
