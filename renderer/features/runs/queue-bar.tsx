import { Anchor, Badge, Button, Group, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { QueueState } from '../../../shared/schemas/queue.ts';
import { client } from '../../client/connection.ts';
import { clockTime, moment } from '../../ui/format.ts';
import { sayFailed } from '../../ui/notices.tsx';
import { ProblemCard } from '../../ui/page.tsx';
import { words } from '../../words/words.ts';

const { queue: w } = words;
/** Below the key of the runs: it is asked again when one of them changes. */
const queueKey = ['runs', 'queue'];

export const useQueue = () => useQuery({ queryKey: queueKey, queryFn: () => client.queue.get() });

export function PauseButton() {
  const { data: queue } = useQueue();
  const queries = useQueryClient();
  if (!queue) return null;
  const paused = queue.pausedAt !== null;
  const turn = () =>
    (paused ? client.queue.resume() : client.queue.pause())
      .then(() => queries.invalidateQueries({ queryKey: ['runs'] }))
      .catch(sayFailed);
  return (
    <Button variant={paused ? 'filled' : 'default'} onClick={turn}>
      {paused ? w.resume : w.pause}
    </Button>
  );
}

export function PausedNotice() {
  const { data: queue } = useQueue();
  if (!queue || queue.pausedAt === null) return null;
  const title = `${w.pausedSince} ${moment(queue.pausedAt)}`;
  return <ProblemCard colour="yellow" problem={{ title, remedy: w.pausedRemedy }} />;
}

/** What the queue is doing, and which GPU is whose. */
export function QueueBar() {
  const { data: queue } = useQueue();
  if (!queue) return null;
  return (
    <Group gap="lg">
      <Text size="sm">
        {w.running} {queue.running} {w.of} {queue.atOnce}
      </Text>
      <Text size="sm">
        {w.pending} {queue.pending.toLocaleString()}
      </Text>
      {queue.gpus.map(gpu => (
        <Gpu key={gpu.id} gpu={gpu} />
      ))}
    </Group>
  );
}

function Gpu({ gpu: { id, runId, since } }: { gpu: QueueState['gpus'][number] }) {
  return (
    <Group gap={6}>
      <Badge variant="light" color={runId === null ? 'teal' : 'blue'} c="var(--mantine-color-text)">
        GPU {id}
      </Badge>
      {runId === null ? (
        <Text size="sm">{w.free}</Text>
      ) : (
        <Text size="sm">
          {w.heldBy}{' '}
          <Anchor component={Link} href={`/runs/${runId}`} underline="always">
            {w.run} {runId}
          </Anchor>
          {since !== null && ` ${w.since} ${clockTime(since)}`}
        </Text>
      )}
    </Group>
  );
}
