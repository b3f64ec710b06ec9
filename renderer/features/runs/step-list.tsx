import { Badge, Card, Group, Stack, Text } from '@mantine/core';
import type { Step } from '../../../shared/schemas/runs.ts';
import { duration } from '../../ui/format.ts';
import { words } from '../../words/words.ts';

const { runs: w } = words;
const colours: Record<Step['state'], string> = {
  pending: 'gray',
  running: 'blue',
  succeeded: 'teal',
  failed: 'red',
  cancelled: 'gray',
};

/** The steps in order, each with how it ended. */
export function StepList({ steps }: { steps: Step[] }) {
  if (steps.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {w.noSteps}
      </Text>
    );
  return (
    <Group gap="sm" align="stretch">
      {steps.map(step => (
        <Card key={step.position} p="sm" miw={210} maw={340}>
          <Stack gap={4}>
            <Group justify="space-between" wrap="nowrap">
              <Text size="sm" fw={600} className="clip">
                {step.position + 1}. {step.name}
              </Text>
              <Badge color={colours[step.state]} variant="light" style={{ flexShrink: 0 }}>
                {w.stepStates[step.state]}
              </Badge>
            </Group>
            <Text className="mono clip" title={step.image}>
              {step.image}
            </Text>
            <Text size="xs" c="dimmed">
              {[
                step.startedAt !== null && duration((step.finishedAt ?? Date.now()) - step.startedAt),
                step.exitCode !== null && `${w.exit} ${step.exitCode}`,
                step.gpu !== null && `${w.gpu} ${step.gpu}`,
                step.containerId?.slice(0, 12),
              ]
                .filter(Boolean)
                .join(' · ')}
            </Text>
          </Stack>
        </Card>
      ))}
    </Group>
  );
}
