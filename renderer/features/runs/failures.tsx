import { Button, Card, Group, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import type { FailureGroup } from '../../../shared/schemas/queue.ts';
import { client } from '../../client/connection.ts';
import { count, moment } from '../../ui/format.ts';
import { say, sayFailed } from '../../ui/notices.tsx';
import { Empty, Failed } from '../../ui/page.tsx';
import { words } from '../../words/words.ts';

const { queue: w, runs } = words;
/** Links to single runs of a group; the rest is found by the table of failed runs. */
const shownRuns = 8;

/** Failed runs by cause: one look and one click for the forty that one peer refused. */
export function Failures() {
  const { data, error } = useQuery({ queryKey: ['runs', 'failures'], queryFn: () => client.queue.failures() });
  if (error) return <Failed error={error} />;
  if (data?.total === 0) return <Empty>{w.noFailures}</Empty>;
  return (
    <Stack gap="sm">
      {data?.items.map(group => (
        <CauseCard key={`${group.problem.code} ${group.cause}`} group={group} />
      ))}
    </Stack>
  );
}

function CauseCard({ group }: { group: FailureGroup }) {
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const replay = async () => {
    setBusy(true);
    try {
      const { replayed, refused } = await client.queue.replay({ ids: group.runIds });
      say(`${count(replayed.length, runs.one, runs.many)} ${w.replayed}`);
      const [first] = refused;
      if (first) sayFailed({ data: { ...first.problem, title: `${refused.length} × ${first.problem.title}` } });
      await queries.invalidateQueries({ queryKey: ['runs'] });
    } catch (error) {
      sayFailed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card>
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <Stack gap={4} style={{ minWidth: 0 }}>
          <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
            {count(group.count, runs.one, runs.many)}: {group.cause}
          </Text>
          <Text size="sm">{group.problem.remedy}</Text>
          <Text size="sm" c="dimmed">
            {group.flows.join(', ')} · {w.last} {moment(group.lastAt)}
          </Text>
          <Group gap="xs">
            {group.runIds.slice(0, shownRuns).map(id => (
              <Link key={id} href={`/runs/${id}`}>
                #{id}
              </Link>
            ))}
            {group.count > shownRuns && (
              <Text size="sm" c="dimmed">
                {w.andMore} {group.count - shownRuns}
              </Text>
            )}
          </Group>
        </Stack>
        <Group gap="xs" wrap="nowrap">
          {group.problem.action && (
            <Button component={Link} href={group.problem.action} variant="default">
              {words.common.open}
            </Button>
          )}
          <Button onClick={replay} loading={busy}>
            {w.replay}
          </Button>
        </Group>
      </Group>
    </Card>
  );
}
