import { Button, Card, Code, Group, Menu, Stack, Table, Tabs, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { RunDetail } from '../../../shared/schemas/runs.ts';
import { hasEnded } from '../../../shared/states/run-state.ts';
import { client } from '../../client/connection.ts';
import { ConfirmButton } from '../../ui/confirm.tsx';
import { bytes, duration, moment } from '../../ui/format.ts';
import { sayFailed } from '../../ui/notices.tsx';
import { Empty, Failed, Loading, PageHead, ProblemCard } from '../../ui/page.tsx';
import { StateBadge } from '../../ui/state-badge.tsx';
import { words } from '../../words/words.ts';
import { DeliveryTable } from './delivery-table.tsx';
import { RunLog } from './run-log.tsx';
import { StepList } from './step-list.tsx';

const { runs: w } = words;

export function RunPage({ id }: { id: number }) {
  const { data: run, error } = useQuery({
    queryKey: ['run', id],
    queryFn: () => client.runs.get({ id }),
    refetchInterval: query => (query.state.data && hasEnded(query.state.data.state) ? false : 2000),
  });
  if (error) return <Failed error={error} />;
  if (!run) return <Loading />;
  const took = run.startedAt === null ? null : duration((run.sentAt ?? run.finishedAt ?? Date.now()) - run.startedAt);
  const facts = [
    run.flowVersion && `v${run.flowVersion}`,
    `${run.instanceCount} ${w.instances}`,
    `${w.from} ${run.sender}`,
    moment(run.createdAt),
    took,
    run.attempt > 1 && `${w.attempt} ${run.attempt}`,
  ];
  return (
    <>
      <PageHead
        title={
          <Group gap="sm">
            <span>
              #{run.id} {run.flow}
            </span>
            <StateBadge state={run.state} />
          </Group>
        }
        lead={
          <Stack gap={0}>
            <Text size="sm">{facts.filter(Boolean).join(' · ')}</Text>
            {run.studyInstanceUids.map(uid => (
              <Link key={uid} href={`/studies/${uid}`} className="mono">
                {uid}
              </Link>
            ))}
          </Stack>
        }
      >
        <Button component={Link} href={`/log?source=run/${run.id},delivery/${run.id}`} variant="default">
          {words.log.linesLink}
        </Button>
        <Actions run={run} />
      </PageHead>
      {run.problem && <ProblemCard problem={run.problem} />}
      {run.waiting && (
        <ProblemCard problem={{ ...run.waiting, title: `${w.waits}: ${run.waiting.title}` }} colour="yellow" />
      )}
      <StepList runId={run.id} steps={run.steps} />
      <Tabs defaultValue="log" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="log">{w.log}</Tabs.Tab>
          <Tabs.Tab value="deliveries">
            {w.deliveries} ({run.deliveries.confirmed} / {run.deliveries.total})
          </Tabs.Tab>
          {run.otherFiles.length > 0 && (
            <Tabs.Tab value="other">
              {w.otherFiles} ({run.otherFiles.length})
            </Tabs.Tab>
          )}
          <Tabs.Tab value="flow">{w.flowText}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="log" pt="md">
          <RunLog run={run} />
        </Tabs.Panel>
        <Tabs.Panel value="deliveries" pt="md">
          {run.deliveryItems.length > 0 ? (
            <DeliveryTable items={run.deliveryItems} />
          ) : (
            <Empty>{run.state === 'sent' ? w.noDeliveries : w.notPlanned}</Empty>
          )}
        </Tabs.Panel>
        <Tabs.Panel value="other" pt="md">
          <OtherFiles files={run.otherFiles} />
        </Tabs.Panel>
        <Tabs.Panel value="flow" pt="md">
          <Code block>{run.flowText}</Code>
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function Actions({ run }: { run: RunDetail }) {
  const queries = useQueryClient();
  const { id } = run;
  const after = (asked: Promise<unknown>) =>
    asked.then(() => queries.invalidateQueries({ queryKey: ['run', id] })).catch(sayFailed);
  const retry = (fromStep?: number | 'deliveries') => after(client.runs.retry({ id, fromStep }));
  if (!hasEnded(run.state))
    return <ConfirmButton label={w.cancel} ask={w.cancelAsk} act={() => after(client.runs.cancel({ id }))} />;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default">{w.retry} ▾</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => retry()}>{w.retryFrom}</Menu.Item>
        {run.steps
          .filter(step => step.position > 0)
          .map(step => (
            <Menu.Item key={step.position} onClick={() => retry(step.position)}>
              {w.retryStep} {step.position + 1}: {step.name}
            </Menu.Item>
          ))}
        {run.deliveries.total > 0 && <Menu.Item onClick={() => retry('deliveries')}>{w.sendAgain}</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
}

const OtherFiles = ({ files }: { files: RunDetail['otherFiles'] }) => (
  <Card p={0}>
    <Table>
      <Table.Tbody>
        {files.map(({ file, bytes: size, reason }) => (
          <Table.Tr key={file}>
            <Table.Td className="mono">{file}</Table.Td>
            <Table.Td>{bytes(size)}</Table.Td>
            <Table.Td>{reason}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  </Card>
);
