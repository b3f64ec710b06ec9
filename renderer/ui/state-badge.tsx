import { Badge } from '@mantine/core';
import { type RunState, runCode } from '../../shared/states/run-state.ts';
import { words } from '../words/words.ts';

const colours: Record<RunState, string> = {
  pending: 'gray',
  running: 'blue',
  finished: 'blue',
  sending: 'cyan',
  sent: 'teal',
  failed: 'red',
  cancelled: 'gray',
};

/** State of a run in words, with DicomFlow's number for those who know it by that. */
export const StateBadge = ({ state }: { state: RunState }) => (
  <Badge color={colours[state]} variant="light" title={`${runCode[state]}`} style={{ flexShrink: 0 }}>
    {words.runs.states[state]}
  </Badge>
);
