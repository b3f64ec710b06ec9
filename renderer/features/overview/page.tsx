import { Button, Card, Group, Progress, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { Health } from '../../../shared/schemas/health.ts';
import { client } from '../../client/connection.ts';
import { bytes, moment } from '../../ui/format.ts';
import { Loading, PageHead, ProblemCard } from '../../ui/page.tsx';
import { RunTable } from '../../ui/run-table.tsx';
import { words } from '../../words/words.ts';
import { Breakers } from './breakers.tsx';
import { FirstSteps } from './first-steps.tsx';

const { overview: w } = words;

export function OverviewPage() {
  const { data: health } = useQuery({ queryKey: ['health'], queryFn: () => client.health.get() });
  const { data: runs } = useQuery({ queryKey: ['runs', 'latest'], queryFn: () => client.runs.list({ limit: 8 }) });
  const { data: studies } = useQuery({
    queryKey: ['studies', 'any'],
    queryFn: () => client.studies.list({ limit: 1 }),
  });
  if (!health) return <Loading />;
  // A destination left alone has a card of its own.
  const problems = health.problems.filter(problem => problem.code !== 'BREAKER_OPEN');
  return (
    <>
      <PageHead
        title={w.title}
        lead={`${w.uptime} ${moment(health.startedAt)} · ${health.dataDirectory} · ${health.version}`}
      />
      {problems.length > 0 && (
        <Stack gap="xs">
          {problems.map(problem => (
            <ProblemCard
              key={problem.code + problem.title}
              problem={problem}
              colour={problem.kind === 'input' ? 'yellow' : 'red'}
            />
          ))}
        </Stack>
      )}
      <SimpleGrid cols={{ base: 2, lg: 4 }} spacing="md">
        <ListenerCard {...health.listener} />
        <EngineCard engine={health.engine} gpus={health.gpus} />
        <DiskCard {...health.disk} />
        <RunsCard {...health.runs} />
      </SimpleGrid>
      <Breakers breakers={health.breakers} />
      {studies?.total === 0 && <FirstSteps aeTitle={health.listener.aeTitle} port={health.listener.port} />}
      {runs && runs.items.length > 0 && (
        <Stack gap="xs">
          <Group justify="space-between">
            <Title order={2}>{w.latest}</Title>
            <Button component={Link} href="/runs" variant="subtle" size="xs">
              {words.common.all}
            </Button>
          </Group>
          <RunTable runs={runs.items} />
        </Stack>
      )}
    </>
  );
}

function Tile({
  title,
  value,
  colour,
  children,
}: {
  title: string;
  value: ReactNode;
  colour?: string;
  children: ReactNode;
}) {
  return (
    <Card component="section" aria-label={title}>
      <Text size="sm" c="dimmed">
        {title}
      </Text>
      <Text fw={600} size="lg" c={colour} mb={6}>
        {value}
      </Text>
      <Stack gap={2}>{children}</Stack>
    </Card>
  );
}

const Fact = ({ label, children }: { label: string; children: ReactNode }) => (
  <Group justify="space-between" gap="xs" wrap="nowrap">
    <Text size="sm" c="dimmed">
      {label}
    </Text>
    <Text size="sm" className="clip" title={typeof children === 'string' ? children : undefined}>
      {children}
    </Text>
  </Group>
);

function ListenerCard(listener: Health['listener']) {
  return (
    <Tile
      title={w.listener}
      value={listener.listening ? `${listener.aeTitle} : ${listener.port}` : w.notListening}
      colour={listener.listening ? undefined : 'red'}
    >
      <Fact label={w.associations}>
        {listener.openAssociations} / {listener.maxAssociations}
      </Fact>
      <Fact label={w.received}>{`${listener.receivedToday.toLocaleString()} ${w.instances}`}</Fact>
      {listener.tlsPort !== null && <Fact label="TLS">{String(listener.tlsPort)}</Fact>}
    </Tile>
  );
}

function EngineCard({ engine, gpus }: { engine: Health['engine']; gpus: Health['gpus'] }) {
  return (
    <Tile
      title={w.engine}
      value={engine.reachable ? w.answering : w.away}
      colour={engine.reachable ? undefined : 'red'}
    >
      <Fact label={w.version}>{engine.version ?? '–'}</Fact>
      <Fact label={w.gpuRuntime}>{engine.gpuRuntime ? words.common.yes : words.common.no}</Fact>
      {gpus.map(({ id, runId }) => (
        <Fact key={id} label={`GPU ${id}`}>
          {runId === null ? w.gpuFree : `${w.gpuUsed} ${runId}`}
        </Fact>
      ))}
    </Tile>
  );
}

function DiskCard({ freeBytes, totalBytes, limitBytes, problem }: Health['disk']) {
  return (
    <Tile
      title={w.disk}
      value={`${bytes(freeBytes)} ${words.overview.free} ${bytes(totalBytes)}`}
      colour={problem ? 'red' : undefined}
    >
      <Progress
        value={100 - (freeBytes / totalBytes) * 100}
        color={problem ? 'red' : 'gantry'}
        size="sm"
        my={6}
        aria-label={w.disk}
      />
      <Fact label={w.refuseBelow}>{bytes(limitBytes)}</Fact>
    </Tile>
  );
}

function RunsCard(runs: Health['runs']) {
  return (
    <Tile title={w.runs} value={`${runs.running + runs.sending} ${w.active}`}>
      <Fact label={w.pending}>{runs.pending}</Fact>
      <Fact label={w.sentToday}>{runs.sentToday}</Fact>
      <Fact label={w.failedToday}>
        <Text span size="sm" c={runs.failedToday > 0 ? 'red' : undefined}>
          {runs.failedToday}
        </Text>
      </Fact>
    </Tile>
  );
}
