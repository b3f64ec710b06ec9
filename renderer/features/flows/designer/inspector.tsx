import { Button, Card, CloseButton, Group, Stack, Text } from '@mantine/core';
import type { Document } from 'yaml';
import type { FlowProblem } from '../../../../shared/schemas/flows.ts';
import { words } from '../../../words/words.ts';
import type { Known } from './completion.ts';
import type { Change } from './edit.ts';
import type { Path } from './flow-document.ts';
import { DestinationFields, FlowFields, ModelFields, TriggerFields } from './inspector-fields.tsx';
import { type Chosen, pathOf, pathText } from './shape.ts';

const { designer: w } = words;

export interface Inspected {
  document: Document;
  path: Path;
  known: Known;
  change: (change: Change, apart?: boolean) => void;
  /** What the core says of the value at a path below the inspected one, or of anything within it. */
  problemOf: (...below: Path) => string | undefined;
}

interface Props extends Omit<Inspected, 'path' | 'problemOf'> {
  chosen: Chosen;
  problems: FlowProblem[];
  close: () => void;
  remove: () => void;
  show: (path: Path) => void;
}

/** Everything of the chosen node that can be set without knowing its YAML. */
export function Inspector({ chosen, problems, close, remove, show, ...rest }: Props) {
  const path = pathOf(chosen);
  const problemOf = (...below: Path) => {
    const at = pathText([...path, ...below]);
    const found = problems.find(item => item.path === at || item.path.startsWith(`${at}[`));
    return found ? `${found.what}. ${found.remedy}` : undefined;
  };
  const inspected: Inspected = { ...rest, path, problemOf };
  const title = chosen.kind === 'flow' ? w.flow : `${w[chosen.kind]} ${chosen.index + 1}`;
  return (
    <Card component="section" aria-label={w.inspector} style={{ overflow: 'visible' }}>
      <Stack gap="xs">
        <Group justify="space-between" wrap="nowrap">
          <Text fw={600}>{title}</Text>
          <Group gap={6} wrap="nowrap">
            <Button size="compact-xs" variant="subtle" onClick={() => show(path)}>
              {w.showInYaml}
            </Button>
            {chosen.kind !== 'flow' && (
              <Button size="compact-xs" variant="subtle" c="red" onClick={remove}>
                {w.removeNode}
              </Button>
            )}
            <CloseButton size="sm" aria-label={words.common.close} onClick={close} />
          </Group>
        </Group>
        {chosen.kind === 'flow' && <FlowFields {...inspected} />}
        {chosen.kind === 'trigger' && <TriggerFields {...inspected} />}
        {chosen.kind === 'model' && <ModelFields {...inspected} />}
        {chosen.kind === 'destination' && <DestinationFields {...inspected} />}
      </Stack>
    </Card>
  );
}
