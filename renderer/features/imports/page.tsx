import { Card, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { Import } from '../../../shared/schemas/imports.ts';
import { client } from '../../client/connection.ts';
import { bytes, count, duration, moment } from '../../ui/format.ts';
import { ImportMenu } from '../../ui/import-menu.tsx';
import { Empty, Failed, PageHead } from '../../ui/page.tsx';
import { Pager } from '../../ui/pager.tsx';
import { words } from '../../words/words.ts';
import { ImportCounts } from './counts.tsx';
import { ImportStateBadge } from './state-badge.tsx';

const { imports: w } = words;
const limit = 50;

export function ImportsPage() {
  const [offset, setOffset] = useState(0);
  const { data, error } = useQuery({
    queryKey: ['imports', offset],
    queryFn: () => client.imports.list({ limit, offset }),
    refetchInterval: 2000,
  });
  return (
    <>
      <PageHead title={w.title} lead={data && count(data.total, w.one, w.many)}>
        <ImportMenu />
      </PageHead>
      {error && <Failed error={error} />}
      {data?.total === 0 && <Empty>{w.empty}</Empty>}
      {data && data.items.length > 0 && (
        <Card p={0}>
          <Table layout="fixed">
            <Table.Thead>
              <Table.Tr>
                <Table.Th w={60}>#</Table.Th>
                <Table.Th w={116}>{w.state}</Table.Th>
                <Table.Th>{w.label}</Table.Th>
                <Table.Th>{w.outcome}</Table.Th>
                <Table.Th w={90}>{w.size}</Table.Th>
                <Table.Th w={150}>{w.started}</Table.Th>
                <Table.Th w={100}>{w.took}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.items.map(item => (
                <ImportRow key={item.id} item={item} />
              ))}
            </Table.Tbody>
          </Table>
        </Card>
      )}
      {data && <Pager total={data.total} limit={limit} offset={offset} go={setOffset} />}
    </>
  );
}

function ImportRow({ item }: { item: Import }) {
  const [, go] = useLocation();
  const address = `/imports/${item.id}`;
  return (
    <Table.Tr className="row-link" onClick={() => go(address)}>
      <Table.Td>
        <Link href={address}>{item.id}</Link>
      </Table.Td>
      <Table.Td>
        <ImportStateBadge state={item.state} />
      </Table.Td>
      <Table.Td>
        <Text size="sm" className="clip" title={item.label}>
          {item.label}
        </Text>
      </Table.Td>
      <Table.Td>
        <ImportCounts item={item} />
      </Table.Td>
      <Table.Td>{bytes(item.doneBytes)}</Table.Td>
      <Table.Td>{moment(item.startedAt)}</Table.Td>
      <Table.Td>{duration((item.endedAt ?? Date.now()) - item.startedAt)}</Table.Td>
    </Table.Tr>
  );
}
