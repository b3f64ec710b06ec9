import { Badge, Button, Card, Group, Stack, Text } from '@mantine/core';
import type { Step } from '../../../shared/schemas/runs.ts';
import { canDownload, client, fetchZip } from '../../client/connection.ts';
import { duration } from '../../ui/format.ts';
import { sayFailed } from '../../ui/notices.tsx';
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
export function StepList({ runId, steps }: { runId: number; steps: Step[] }) {
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
            {canDownload && (
              <Group gap="xs">
                <FilesButton runId={runId} step={step} of="input" />
                {step.state === 'succeeded' && <FilesButton runId={runId} step={step} of="output" />}
              </Group>
            )}
          </Stack>
        </Card>
      ))}
    </Group>
  );
}

/** What the container got, or left, as a ZIP. */
function FilesButton({ runId, step, of }: { runId: number; step: Step; of: 'input' | 'output' }) {
  const fetchFiles = () => client.runs.files({ id: runId, step: step.position, of }).then(fetchZip).catch(sayFailed);
  const label = of === 'input' ? w.inputFiles : w.outputFiles;
  return (
    <Button
      size="compact-xs"
      variant="default"
      aria-label={`${w.step} ${step.position + 1}: ${label}`}
      onClick={fetchFiles}
    >
      {label}
    </Button>
  );
}
