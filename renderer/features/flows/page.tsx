import { Badge, Button, Card, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { FlowSummary } from '../../../shared/schemas/flows.ts';
import { client } from '../../client/connection.ts';
import { count } from '../../ui/format.ts';
import { Empty, Failed, Loading, PageHead } from '../../ui/page.tsx';
import { words } from '../../words/words.ts';
import { flowAddress } from './flow-address.ts';
import { NewFlow } from './new-flow.tsx';
import { RowMenu } from './row-menu.tsx';

const { flows: w } = words;

export function FlowsPage() {
  const { data, error } = useQuery({ queryKey: ['flows'], queryFn: () => client.flows.list(), refetchInterval: 4000 });
  const [creating, setCreating] = useState(false);
  const create = <Button onClick={() => setCreating(true)}>{w.create}</Button>;
  if (error) return <Failed error={error} />;
  if (!data) return <Loading />;
  return (
    <>
      <PageHead title={w.title} lead={count(data.total, w.one, w.many)}>
        {data.total > 0 && create}
      </PageHead>
      {data.total === 0 ? <Empty action={create}>{w.empty}</Empty> : <FlowTable flows={data.items} />}
      <NewFlow opened={creating} close={() => setCreating(false)} />
    </>
  );
}

function FlowTable({ flows }: { flows: FlowSummary[] }) {
  const [, go] = useLocation();
  return (
    <Card p={0}>
      <Table layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{w.name}</Table.Th>
            <Table.Th>{w.file}</Table.Th>
            <Table.Th w={110} />
            <Table.Th w={80}>{w.priority}</Table.Th>
            <Table.Th w={110}>{w.collect}</Table.Th>
            <Table.Th>{w.models}</Table.Th>
            <Table.Th>{w.destinations}</Table.Th>
            <Table.Th w={52} />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {flows.map(flow => (
            <Table.Tr key={flow.file} className="row-link" onClick={() => go(flowAddress(flow.file))}>
              <Table.Td>
                <Text size="sm" className="clip" component={Link} href={flowAddress(flow.file)} c="inherit">
                  {flow.name || flow.file} {flow.version}
                </Text>
              </Table.Td>
              <Table.Td className="mono clip">{flow.file}</Table.Td>
              <Table.Td>
                <Validity flow={flow} />
              </Table.Td>
              <Table.Td>{flow.priority}</Table.Td>
              <Table.Td>{flow.collect}</Table.Td>
              <Table.Td className="clip" title={flow.models.join(' → ')}>
                {flow.models.join(' → ') || '–'}
              </Table.Td>
              <Table.Td className="clip" title={flow.destinations.join('\n')}>
                {flow.destinations.join(', ') || '–'}
              </Table.Td>
              {/* What is pressed in the menu opens no page. */}
              <Table.Td onClick={event => event.stopPropagation()}>
                <RowMenu flow={flow} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  );
}

function Validity({ flow }: { flow: FlowSummary }) {
  if (!flow.valid)
    return (
      <Badge color="red" variant="light" title={flow.problems[0]?.what}>
        {w.invalid}
      </Badge>
    );
  return flow.enabled ? (
    <Badge color="teal" variant="light">
      {w.valid}
    </Badge>
  ) : (
    <Badge color="gray" variant="light">
      {w.disabled}
    </Badge>
  );
}
