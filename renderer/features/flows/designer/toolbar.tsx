import { Button, Group, Tooltip } from '@mantine/core';
import { words } from '../../../words/words.ts';
import type { Change } from './edit.ts';

const { designer: w } = words;

const additions: { label: string; id: 'trigger' | 'model' | 'destination'; value: unknown }[] = [
  { label: w.addTrigger, id: 'trigger', value: { Modality: 'CT' } },
  { label: w.addModel, id: 'model', value: { docker_kwargs: { image: 'busybox' } } },
  { label: w.addDestination, id: 'destination', value: { folder: 'results' } },
];

interface Props {
  disabled: boolean;
  add: (kind: 'trigger' | 'model' | 'destination', change: Change) => void;
  undo: () => void;
  redo: () => void;
  children?: React.ReactNode;
}

export function Toolbar({ disabled, add, undo, redo, children }: Props) {
  return (
    <Group gap={6} role="toolbar" aria-label={w.drawing}>
      {additions.map(({ label, id, value }) => (
        <Button
          key={id}
          size="compact-sm"
          variant="default"
          disabled={disabled}
          onClick={() => add(id, { kind: 'append', path: [`${id}s`], value })}
        >
          {label}
        </Button>
      ))}
      <Tooltip label="Ctrl+Z">
        <Button size="compact-sm" variant="subtle" onClick={undo}>
          {w.undo}
        </Button>
      </Tooltip>
      <Tooltip label="Ctrl+Y">
        <Button size="compact-sm" variant="subtle" onClick={redo}>
          {w.redo}
        </Button>
      </Tooltip>
      {children}
    </Group>
  );
}
