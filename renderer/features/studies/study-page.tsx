import { Badge, Button, Card, Group, Stack, Table, Tabs, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import type { StudyDetail } from '../../../shared/schemas/studies.ts';
import { client, downloadInstance } from '../../client/connection.ts';
import { bytes, dicomDate, moment, personName } from '../../ui/format.ts';
import { sayFailed } from '../../ui/notices.tsx';
import { Empty, Failed, Loading, PageHead } from '../../ui/page.tsx';
import { RunTable } from '../../ui/run-table.tsx';
import { words } from '../../words/words.ts';
import { StudyActions } from './study-actions.tsx';

const { studies: w } = words;
type Series = StudyDetail['series'][number];

export function StudyPage({ uid }: { uid: string }) {
  const { data: study, error } = useQuery({
    queryKey: ['study', uid],
    queryFn: () => client.studies.get({ studyInstanceUid: uid }),
    refetchInterval: 5000,
  });
  if (error) {
    return (
      <>
        <Failed error={error} />
        <JournalOf uid={uid} />
      </>
    );
  }
  if (!study) return <Loading />;
  const facts = [
    study.patientId,
    study.patientBirthDate && `${w.born} ${dicomDate(study.patientBirthDate)}`,
    study.patientSex,
    dicomDate(study.studyDate),
    study.accessionNumber,
  ];
  return (
    <>
      <PageHead
        title={personName(study.patientName) || w.noName}
        lead={
          <Stack gap={0}>
            <Text size="sm">{facts.filter(Boolean).join(' · ')}</Text>
            <Text className="mono">{uid}</Text>
          </Stack>
        }
      >
        <Button component={Link} href={`/log?source=study/${uid}`} variant="default">
          {words.log.linesLink}
        </Button>
        <StudyActions study={study} />
      </PageHead>
      <Tabs defaultValue="series" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="series">
            {w.series} ({study.seriesCount})
          </Tabs.Tab>
          <Tabs.Tab value="runs">
            {w.runs} ({study.runIds.length})
          </Tabs.Tab>
          <Tabs.Tab value="journal">{w.journal}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="series" pt="md">
          <Stack gap="sm">
            {study.series.map(series => (
              <SeriesCard key={series.seriesInstanceUid} series={series} />
            ))}
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="runs" pt="md">
          <RunsOf uid={uid} />
        </Tabs.Panel>
        <Tabs.Panel value="journal" pt="md">
          <JournalOf uid={uid} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function SeriesCard({ series }: { series: Series }) {
  const [open, setOpen] = useState(false);
  return (
    <Card p="sm">
      <Group justify="space-between" wrap="nowrap">
        <Group gap="sm" wrap="nowrap" style={{ minWidth: 0 }}>
          <Badge variant="light">{series.modality || '?'}</Badge>
          <Text size="sm" className="clip">
            {[series.seriesNumber && `#${series.seriesNumber}`, series.seriesDescription, series.bodyPartExamined]
              .filter(Boolean)
              .join(' · ')}
          </Text>
          {series.conflicts > 0 && (
            <Badge color="yellow" variant="light">
              {series.conflicts} {w.conflict}
            </Badge>
          )}
        </Group>
        <Group gap="sm" wrap="nowrap">
          <Text size="sm" c="dimmed">
            {series.instanceCount} · {bytes(series.bytes)}
          </Text>
          <Button size="xs" variant="default" aria-expanded={open} onClick={() => setOpen(!open)}>
            {w.instances}
          </Button>
        </Group>
      </Group>
      {open && (
        <Table mt="sm" layout="fixed">
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={60}>{w.number}</Table.Th>
              <Table.Th>{words.runs.instance}</Table.Th>
              <Table.Th>{w.sopClass}</Table.Th>
              <Table.Th w={90}>{w.bytes}</Table.Th>
              <Table.Th w={120}>{w.from2}</Table.Th>
              <Table.Th w={110} />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {series.instances.map(instance => (
              <Table.Tr key={`${instance.sopInstanceUid} ${instance.version}`}>
                <Table.Td>{instance.instanceNumber}</Table.Td>
                <Table.Td>
                  <Text className="mono clip" title={`${instance.sopInstanceUid}\nSHA-256 ${instance.sha256}`}>
                    <Link href={`/instances/${instance.sopInstanceUid}?version=${instance.version}`}>
                      {instance.sopInstanceUid}
                    </Link>
                    {instance.version > 1 ? ` (${w.version} ${instance.version})` : ''}
                  </Text>
                </Table.Td>
                <Table.Td className="clip" title={instance.sopClass}>
                  {instance.sopClass}
                </Table.Td>
                <Table.Td>{bytes(instance.bytes)}</Table.Td>
                <Table.Td className="clip">{instance.callingAe}</Table.Td>
                <Table.Td>
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    onClick={() => downloadInstance(instance.sopInstanceUid, instance.version).catch(sayFailed)}
                  >
                    {w.download}
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Card>
  );
}

function RunsOf({ uid }: { uid: string }) {
  const { data, error } = useQuery({
    queryKey: ['runs', 'study', uid],
    queryFn: () => client.runs.list({ studyInstanceUid: uid }),
  });
  if (error) return <Failed error={error} />;
  if (!data) return <Loading />;
  return data.items.length === 0 ? <Empty>{w.noRuns}</Empty> : <RunTable runs={data.items} />;
}

function JournalOf({ uid }: { uid: string }) {
  const { data, error } = useQuery({
    queryKey: ['journal', uid],
    queryFn: () => client.studies.journal({ studyInstanceUid: uid }),
    refetchInterval: 5000,
  });
  if (error) return <Failed error={error} />;
  if (!data) return <Loading />;
  return (
    <Card p={0}>
      <Table layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={160}>{w.time}</Table.Th>
            <Table.Th>{w.event}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {data.items.map(entry => (
            <Table.Tr key={entry.id}>
              <Table.Td>{moment(entry.at)}</Table.Td>
              <Table.Td>{entry.text}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  );
}
