import { Button, Group, Text } from '@mantine/core';
import { words } from '../words/words.ts';

/** Pages of a list that the core sorts and counts. */
export function Pager({
  total,
  limit,
  offset,
  go,
}: {
  total: number;
  limit: number;
  offset: number;
  go: (offset: number) => void;
}) {
  if (total <= limit) return null;
  return (
    <Group justify="flex-end" gap="xs">
      <Text size="sm" c="dimmed">
        {offset + 1}–{Math.min(offset + limit, total)} {words.common.of} {total.toLocaleString()}
      </Text>
      <Button variant="default" size="xs" disabled={offset === 0} onClick={() => go(Math.max(0, offset - limit))}>
        {words.common.previous}
      </Button>
      <Button variant="default" size="xs" disabled={offset + limit >= total} onClick={() => go(offset + limit)}>
        {words.common.next}
      </Button>
    </Group>
  );
}
