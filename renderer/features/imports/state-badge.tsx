import { Badge } from '@mantine/core';
import type { ImportState } from '../../../shared/schemas/imports.ts';
import { words } from '../../words/words.ts';

const colours = { running: 'blue', finished: 'teal', cancelled: 'gray', failed: 'red', interrupted: 'yellow' } as const;

export const ImportStateBadge = ({ state }: { state: ImportState }) => (
  <Badge variant="light" color={colours[state]} c="var(--mantine-color-text)" style={{ flexShrink: 0 }}>
    {words.imports.states[state]}
  </Badge>
);
