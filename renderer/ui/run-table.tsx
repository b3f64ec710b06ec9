import { Card, Table, Text, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useLocation } from 'wouter';
import type { Run } from '../../shared/schemas/runs.ts';
import { client } from '../client/connection.ts';
import { words } from '../words/words.ts';
import { duration, moment, shortUid } from './format.ts';
import { RunPriority } from './run-priority.tsx';
import { StateBadge } from './state-badge.tsx';

const { runs: w } = words;

/** Runs, newest first; a row opens its run. */
export function RunTable({ runs }: { runs: Run[] }) {
  const [, go] = useLocation();
  const usual = useUsualTimes(runs.some(run => run.state === 'running'));
  return (
    <Card p={0}>
      <Table layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={64}>#</Table.Th>
            <Table.Th w={116}>{w.state}</Table.Th>
            <Table.Th>{w.flow}</Table.Th>
            <Table.Th>{w.studies}</Table.Th>
            <Table.Th w={70}>{w.priority}</Table.Th>
            <Table.Th w={150}>{w.created}</Table.Th>
            <Table.Th w={100}>{w.took}</Table.Th>
            <Table.Th w={100}>{w.deliveries}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {runs.map(run => (
            <Table.Tr key={run.id} className="row-link" onClick={() => go(`/runs/${run.id}`)}>
              <Table.Td>
                <Link href={`/runs/${run.id}`}>{run.id}</Link>
              </Table.Td>
              <Table.Td>
                <StateBadge state={run.state} />
              </Table.Td>
              <Table.Td>
                <Text size="sm" className="clip" title={run.flow}>
                  {run.flow}
                </Text>
                <Why run={run} />
              </Table.Td>
              <Table.Td>
                <Text className="mono clip" title={run.studyInstanceUids.join('\n')}>
                  {run.studyInstanceUids.map(shortUid).join(', ')}
                </Text>
              </Table.Td>
              <Table.Td>
                <RunPriority run={run} />
              </Table.Td>
              <Table.Td>{moment(run.createdAt)}</Table.Td>
              <Table.Td>
                {run.startedAt === null ? '–' : duration((run.sentAt ?? run.finishedAt ?? Date.now()) - run.startedAt)}
                <Usual run={run} times={usual} />
              </Table.Td>
              <Table.Td>
                {run.deliveries.total === 0 ? '–' : `${run.deliveries.confirmed} / ${run.deliveries.total}`}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  );
}

/** Half of the runs of the flow took less than this, in milliseconds. */
function useUsualTimes(wanted: boolean): Map<string, number> {
  const { data } = useQuery({
    queryKey: ['runs', 'statistics', 30],
    queryFn: () => client.queue.statistics({ days: 30 }),
    enabled: wanted,
  });
  return new Map(data?.items.flatMap(({ flow, p50 }) => (p50 === null ? [] : [[flow, p50]])));
}

function Usual({ run, times }: { run: Run; times: Map<string, number> }) {
  const time = times.get(run.flow);
  if (run.state !== 'running' || time === undefined) return null;
  return (
    <Text size="xs" c="dimmed">
      {w.usually} {duration(time)}
    </Text>
  );
}

/** Why it waits or failed, on one line; whole on a longer look. */
function Why({ run }: { run: Run }) {
  const problem = run.problem ?? run.waiting;
  if (!problem) return null;
  return (
    <Tooltip label={problem.remedy} multiline maw={420}>
      <Text size="xs" c={run.problem ? 'red' : 'dimmed'} className="clip">
        {problem.title}
      </Text>
    </Tooltip>
  );
}
