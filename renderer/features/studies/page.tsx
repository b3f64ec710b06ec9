import { Badge, Button, Card, Group, MultiSelect, Table, Text, TextInput, UnstyledButton } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Link, useLocation, useSearch } from 'wouter';
import type { StudyQuery } from '../../../shared/schemas/studies.ts';
import { client } from '../../client/connection.ts';
import { count, dicomDate, moment, personName } from '../../ui/format.ts';
import { ImportMenu } from '../../ui/import-menu.tsx';
import { Empty, Failed, PageHead } from '../../ui/page.tsx';
import { Pager } from '../../ui/pager.tsx';
import { words } from '../../words/words.ts';

const { studies: w } = words;
const limit = 50;
const typingMs = 400;
const modalities = [
  'CT',
  'MR',
  'CR',
  'DX',
  'MG',
  'US',
  'XA',
  'NM',
  'PT',
  'RTSTRUCT',
  'RTDOSE',
  'RTPLAN',
  'SEG',
  'SR',
  'OT',
];
type Sort = NonNullable<StudyQuery['sort']>;

/** The filters are the address: a reload, or a link, shows the same list. */
function useFilters() {
  const asked = new URLSearchParams(useSearch());
  const [, go] = useLocation();
  const filters = {
    search: asked.get('search') ?? '',
    from: asked.get('from') ?? '',
    to: asked.get('to') ?? '',
    modality: asked.get('modality') ?? '',
    sort: (asked.get('sort') ?? '-studyDate') as Sort,
    offset: Number(asked.get('offset') ?? 0),
  };
  const set = (change: Partial<Record<keyof typeof filters, string | number>>) => {
    const next = new URLSearchParams();
    for (const [key, value] of Object.entries({ ...filters, offset: 0, ...change })) {
      if (value !== '' && value !== 0 && value !== '-studyDate') next.set(key, String(value));
    }
    go(next.size > 0 ? `/studies?${next}` : '/studies', { replace: true });
  };
  return [filters, set] as const;
}

export function StudiesPage() {
  const [filters, set] = useFilters();
  const [typed, setTyped] = useState(filters.search);
  const [search] = useDebouncedValue(typed, typingMs);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what was typed moves the address
  useEffect(() => {
    if (search !== filters.search) set({ search });
  }, [search]);
  const query = {
    ...filters,
    search: filters.search || undefined,
    from: filters.from || undefined,
    to: filters.to || undefined,
    modality: filters.modality || undefined,
    limit,
  };
  const { data, error } = useQuery({
    queryKey: ['studies', query],
    queryFn: () => client.studies.list(query),
    placeholderData: keepPreviousData,
    refetchInterval: 5000,
  });
  const filtered = Boolean(filters.search || filters.from || filters.to || filters.modality);
  const clear = () => {
    setTyped('');
    set({ search: '', from: '', to: '', modality: '' });
  };
  return (
    <>
      <PageHead title={w.title} lead={data && count(data.total, w.one, w.many)}>
        <ImportMenu />
      </PageHead>
      <Group gap="sm" align="flex-end" wrap="nowrap">
        <TextInput
          style={{ flex: 1 }}
          label={words.common.search}
          placeholder={w.search}
          value={typed}
          onChange={event => setTyped(event.currentTarget.value)}
        />
        <TextInput
          type="date"
          label={w.from}
          value={dicomDate(filters.from)}
          onChange={event => set({ from: event.currentTarget.value.replaceAll('-', '') })}
        />
        <TextInput
          type="date"
          label={w.to}
          value={dicomDate(filters.to)}
          onChange={event => set({ to: event.currentTarget.value.replaceAll('-', '') })}
        />
        <MultiSelect
          w={190}
          label={w.modality}
          data={modalities}
          value={filters.modality.split(',').filter(Boolean)}
          onChange={values => set({ modality: values.join(',') })}
        />
        <Button variant="default" disabled={!filtered} onClick={clear}>
          {w.clear}
        </Button>
      </Group>
      {error && <Failed error={error} />}
      {data?.total === 0 && <Empty>{filtered ? w.emptyFilter : w.empty}</Empty>}
      {data && data.items.length > 0 && (
        <Card p={0}>
          <Table layout="fixed">
            <Table.Thead>
              <Table.Tr>
                <SortHead label={w.patient} by="patientName" filters={filters} set={set} />
                <SortHead label={w.patientId} by="patientId" filters={filters} set={set} width={130} />
                <SortHead label={w.date} by="studyDate" filters={filters} set={set} width={110} />
                <Table.Th>{w.description}</Table.Th>
                <Table.Th w={90}>{w.modalities}</Table.Th>
                <SortHead label={w.accession} by="accessionNumber" filters={filters} set={set} width={130} />
                <Table.Th w={120}>{w.size}</Table.Th>
                <Table.Th w={110}>{w.runs}</Table.Th>
                <SortHead label={w.arrived} by="updatedAt" filters={filters} set={set} width={140} />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.items.map(study => (
                <StudyRow key={study.studyInstanceUid} study={study} />
              ))}
            </Table.Tbody>
          </Table>
        </Card>
      )}
      {data && <Pager total={data.total} limit={limit} offset={filters.offset} go={offset => set({ offset })} />}
    </>
  );
}

type Listed = Awaited<ReturnType<typeof client.studies.list>>['items'][number];

function StudyRow({ study }: { study: Listed }) {
  const [, go] = useLocation();
  const address = `/studies/${study.studyInstanceUid}`;
  return (
    <Table.Tr className="row-link" onClick={() => go(address)}>
      <Table.Td>
        <Text size="sm" className="clip" component={Link} href={address} c="inherit">
          {personName(study.patientName) || w.noName}
        </Text>
      </Table.Td>
      <Table.Td className="clip">{study.patientId}</Table.Td>
      <Table.Td>{dicomDate(study.studyDate)}</Table.Td>
      <Table.Td className="clip" title={study.studyDescription}>
        {study.studyDescription}
      </Table.Td>
      <Table.Td>{study.modalities.join(' ')}</Table.Td>
      <Table.Td className="clip">{study.accessionNumber}</Table.Td>
      <Table.Td>
        {study.seriesCount} / {study.instanceCount}
      </Table.Td>
      <Table.Td>
        <RunCounts runs={study.runs} />
      </Table.Td>
      <Table.Td>{moment(study.updatedAt)}</Table.Td>
    </Table.Tr>
  );
}

const runKinds = [
  ['failed', 'red', w.runsFailed],
  ['active', 'blue', w.runsActive],
  ['sent', 'teal', w.runsSent],
] as const;

/** How many of its runs failed, are under way or were sent: what wants a look stands first. */
const RunCounts = ({ runs }: { runs: Listed['runs'] }) => (
  <Group gap={4} wrap="nowrap">
    {runKinds.map(
      ([kind, colour, label]) =>
        runs[kind] > 0 && (
          <Badge
            key={kind}
            size="sm"
            variant="light"
            color={colour}
            c="var(--mantine-color-text)"
            title={`${runs[kind]} ${label}`}
            aria-label={`${runs[kind]} ${label}`}
          >
            {runs[kind]}
          </Badge>
        ),
    )}
  </Group>
);

interface SortHeadProps {
  label: string;
  by: Exclude<Sort, `-${string}`>;
  width?: number;
  filters: { sort: Sort };
  set: (change: { sort: string }) => void;
}

function SortHead({ label, by, width, filters, set }: SortHeadProps) {
  const [up, down] = [filters.sort === by, filters.sort === `-${by}`];
  return (
    <Table.Th w={width} aria-sort={up ? 'ascending' : down ? 'descending' : 'none'}>
      <UnstyledButton fz="inherit" fw="inherit" c="inherit" onClick={() => set({ sort: up ? `-${by}` : by })}>
        {label} {up ? '↑' : down ? '↓' : ''}
      </UnstyledButton>
    </Table.Th>
  );
}
