import { Box, Card, Group, SegmentedControl, Stack, Table, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { FlowStatistics } from '../../../shared/schemas/queue.ts';
import { client } from '../../client/connection.ts';
import { duration } from '../../ui/format.ts';
import { Empty, Failed } from '../../ui/page.tsx';
import { words } from '../../words/words.ts';

const { queue: w } = words;
const spans = [7, 30, 90];

/** How the runs of each flow went, over the last days. */
export function Statistics({ days, setDays }: { days: number; setDays(days: number): void }) {
  const { data, error } = useQuery({
    queryKey: ['runs', 'statistics', days],
    queryFn: () => client.queue.statistics({ days }),
    placeholderData: keepPreviousData,
  });
  return (
    <Stack gap="sm">
      <Group justify="flex-end">
        <SegmentedControl
          aria-label={w.span}
          value={String(days)}
          onChange={value => setDays(Number(value))}
          data={spans.map(span => ({ value: String(span), label: `${span} ${w.days}` }))}
        />
      </Group>
      {error && <Failed error={error} />}
      {data?.total === 0 && <Empty>{w.noStatistics}</Empty>}
      {data && data.total > 0 && <FlowTable items={data.items} />}
    </Stack>
  );
}

function FlowTable({ items }: { items: FlowStatistics[] }) {
  return (
    <Card p={0}>
      <Table layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.runs.flow}</Table.Th>
            <Table.Th w={80} ta="right">
              {w.ended}
            </Table.Th>
            <Table.Th w={130} ta="right">
              {w.failureRate}
            </Table.Th>
            <Table.Th w={110} ta="right">
              {w.half}
            </Table.Th>
            <Table.Th w={110} ta="right">
              {w.most}
            </Table.Th>
            <Table.Th w="35%">{w.byDay}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map(item => (
            <Table.Tr key={item.flow}>
              <Table.Td>
                <Text size="sm" className="clip" title={item.flow}>
                  {item.flow}
                </Text>
              </Table.Td>
              <Table.Td ta="right">{item.count.toLocaleString()}</Table.Td>
              <Table.Td ta="right">
                {((100 * item.failed) / item.count).toFixed(1)} % ({item.failed})
              </Table.Td>
              <Table.Td ta="right">{item.p50 === null ? '–' : duration(item.p50)}</Table.Td>
              <Table.Td ta="right">{item.p95 === null ? '–' : duration(item.p95)}</Table.Td>
              <Table.Td>
                <Days item={item} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  );
}

const chartHeight = 32;

/** A column a day: what was sent, and on top of it what failed. */
function Days({ item }: { item: FlowStatistics }) {
  const most = Math.max(1, ...item.days.map(day => day.sent + day.failed));
  const first = item.days[0]?.day ?? '';
  const height = (runs: number) => (runs === 0 ? 0 : Math.max(2, (chartHeight * runs) / most));
  return (
    <Group
      gap={1}
      h={chartHeight}
      align="flex-end"
      wrap="nowrap"
      role="img"
      aria-label={`${item.flow}, ${w.byDay}, ${w.from} ${first}: ${item.sent} ${w.sent}, ${item.failed} ${w.failed}`}
    >
      {item.days.map(({ day, sent, failed }) => (
        <Box
          key={day}
          title={`${day}: ${sent} ${w.sent}, ${failed} ${w.failed}`}
          style={{ flex: 1, minWidth: 1, borderBottom: '1px solid var(--mantine-color-default-border)' }}
        >
          <Box h={height(failed)} bg="red.6" />
          <Box h={height(sent)} bg="teal.6" />
        </Box>
      ))}
    </Group>
  );
}
