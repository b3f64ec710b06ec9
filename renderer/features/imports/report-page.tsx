import { Card, SegmentedControl, Table, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Import, ImportOutcome } from '../../../shared/schemas/imports.ts';
import { client } from '../../client/connection.ts';
import { bytes, count, moment } from '../../ui/format.ts';
import { Empty, Failed, Loading, PageHead, ProblemCard } from '../../ui/page.tsx';
import { Pager } from '../../ui/pager.tsx';
import { words } from '../../words/words.ts';
import { ImportCounts } from './counts.tsx';
import { ImportStateBadge } from './state-badge.tsx';

const { imports: w } = words;
const limit = 100;
const refreshMs = 2000;

/** One import: what became of its files, and why each was left out. */
export function ImportReportPage({ id }: { id: number }) {
  const { data: item, error } = useQuery({
    queryKey: ['import', id],
    queryFn: () => client.imports.get({ id }),
    refetchInterval: query => (query.state.data?.state === 'running' ? refreshMs : false),
  });
  if (error) return <Failed error={error} />;
  if (!item) return <Loading />;
  return (
    <>
      <PageHead
        title={item.label}
        lead={
          <>
            {moment(item.startedAt)} · {count(item.doneFiles, w.file.toLowerCase(), w.filesOf)} ·{' '}
            {bytes(item.doneBytes)} · {w.flows} {item.evaluate ? w.ticked : w.unticked}
            <ImportCounts item={item} />
          </>
        }
      >
        <ImportStateBadge state={item.state} />
      </PageHead>
      {item.problem && <ProblemCard problem={item.problem} />}
      {item.state === 'interrupted' && <Text size="sm">{w.interruptedHint}</Text>}
      <Report item={item} />
    </>
  );
}

type Choice = ImportOutcome | 'all';

function Report({ item }: { item: Import }) {
  const [choice, setChoice] = useState<Choice>('all');
  const [offset, setOffset] = useState(0);
  const outcome = choice === 'all' ? undefined : choice;
  const { data, error } = useQuery({
    queryKey: ['import', item.id, 'files', choice, offset, item.doneFiles],
    queryFn: () => client.imports.report({ id: item.id, outcome, limit, offset }),
    placeholderData: keepPreviousData,
  });
  const choose = (value: string) => {
    setChoice(value as Choice);
    setOffset(0);
  };
  const counts = [
    ['duplicate', item.duplicates],
    ['conflict', item.conflicts],
    ['not-dicom', item.notDicom],
    ['unreadable', item.unreadable],
  ] as const;
  const total = counts.reduce((sum, [, number]) => sum + number, 0);
  if (error) return <Failed error={error} />;
  if (item.state !== 'running' && total === 0 && data?.total === 0) return <Empty>{w.nothingLeft}</Empty>;
  return (
    <>
      <SegmentedControl
        value={choice}
        onChange={choose}
        data={[
          { value: 'all', label: `${words.common.all} (${total.toLocaleString()})` },
          ...counts.map(([value, number]) => ({ value, label: `${w.kinds[value]} (${number.toLocaleString()})` })),
        ]}
      />
      {data?.items.length === 0 && <Empty>{w.nothingOf}</Empty>}
      {data && data.items.length > 0 && (
        <Card p={0}>
          <Table layout="fixed">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{w.file}</Table.Th>
                <Table.Th w={130}>{w.outcome}</Table.Th>
                <Table.Th>{w.reason}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.items.map(file => (
                <Table.Tr key={file.id}>
                  <Table.Td>
                    <Text className="mono clip" title={file.file}>
                      {file.file}
                    </Text>
                  </Table.Td>
                  <Table.Td>{w.outcomes[file.outcome]}</Table.Td>
                  <Table.Td>{file.reason}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Card>
      )}
      {data && <Pager total={data.total} limit={limit} offset={offset} go={setOffset} />}
    </>
  );
}
