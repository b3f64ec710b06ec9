import { Badge, Card, Table, Text } from '@mantine/core';
import { useState } from 'react';
import type { Delivery } from '../../../shared/schemas/runs.ts';
import { moment } from '../../ui/format.ts';
import { Pager } from '../../ui/pager.tsx';
import { words } from '../../words/words.ts';

const { runs: w } = words;
const limit = 100;

/** One row an instance and destination, with the status the peer answered. */
export function DeliveryTable({ items }: { items: Delivery[] }) {
  const [offset, setOffset] = useState(0);
  return (
    <>
      <Card p={0}>
        <Table layout="fixed">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{w.destination}</Table.Th>
              <Table.Th>{w.instance}</Table.Th>
              <Table.Th>{w.status}</Table.Th>
              <Table.Th w={80}>{w.attempts}</Table.Th>
              <Table.Th w={190}>{w.when}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.slice(offset, offset + limit).map(item => (
              <Table.Tr key={`${item.destination} ${item.file}`}>
                <Table.Td className="clip mono" title={item.destination}>
                  {item.destination}
                </Table.Td>
                <Table.Td className="clip mono" title={item.file}>
                  {item.sopInstanceUid}
                </Table.Td>
                <Table.Td>
                  <Badge
                    tt="none"
                    mr={6}
                    variant="light"
                    color={item.confirmed ? 'teal' : item.failed ? 'red' : 'gray'}
                  >
                    {item.status ?? '–'}
                  </Badge>
                  <Text span size="sm" title={item.problem?.remedy}>
                    {item.problem?.title ?? item.statusText}
                  </Text>
                </Table.Td>
                <Table.Td>{item.attempts}</Table.Td>
                <Table.Td>
                  {item.nextAt !== null && item.attempts > 0
                    ? `${w.nextTry} ${moment(item.nextAt)}`
                    : moment(item.confirmedAt ?? item.lastAt)}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Card>
      <Pager total={items.length} limit={limit} offset={offset} go={setOffset} />
    </>
  );
}
