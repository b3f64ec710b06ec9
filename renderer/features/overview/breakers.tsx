import { Button, Card, Group, Stack, Text, Title } from '@mantine/core';
import type { Health } from '../../../shared/schemas/health.ts';
import { client } from '../../client/connection.ts';
import { moment } from '../../ui/format.ts';
import { sayFailed } from '../../ui/notices.tsx';
import { words } from '../../words/words.ts';

const { overview: w } = words;

/** Destinations that are left alone for a while, each with when and why, and the way to try at once. */
export function Breakers({ breakers }: { breakers: Health['breakers'] }) {
  if (breakers.length === 0) return null;
  return (
    <Card component="section" aria-label={w.breakers}>
      <Title order={2} mb="xs">
        {w.breakers}
      </Title>
      <Stack gap="sm">
        {breakers.map(({ destination, nextTryAt, problem }) => (
          <Group key={destination} justify="space-between" wrap="nowrap">
            <div style={{ minWidth: 0 }}>
              <Text className="mono clip">{destination}</Text>
              <Text size="sm" c="dimmed">
                {w.nextTry} {moment(nextTryAt)}
                {problem ? ` · ${problem.remedy}` : ''}
              </Text>
            </div>
            <Button
              size="xs"
              variant="default"
              style={{ flexShrink: 0 }}
              onClick={() => client.destinations.tryNow({ destination }).catch(sayFailed)}
            >
              {w.tryNow}
            </Button>
          </Group>
        ))}
      </Stack>
    </Card>
  );
}
