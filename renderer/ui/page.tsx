import { Alert, Button, Card, Group, Loader, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { Problem } from '../../shared/problems.ts';
import { problemOfCall } from '../client/problem.ts';
import { words } from '../words/words.ts';

/** Heading of a page, with what can be done on it at the right. */
export function PageHead({ title, lead, children }: { title: ReactNode; lead?: ReactNode; children?: ReactNode }) {
  return (
    <Group justify="space-between" align="flex-start" wrap="nowrap">
      <Stack gap={2} style={{ minWidth: 0 }}>
        <Title order={1}>{title}</Title>
        {lead && (
          <Text size="sm" c="dimmed" component="div">
            {lead}
          </Text>
        )}
      </Stack>
      <Group gap="xs" wrap="nowrap">
        {children}
      </Group>
    </Group>
  );
}

export const Loading = () => (
  <Group gap="sm" c="dimmed" role="status">
    <Loader size="xs" />
    <Text size="sm">{words.common.loading}</Text>
  </Group>
);

export function Empty({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <Card py={48}>
      <Stack align="center" gap="md">
        <Text c="dimmed" ta="center" maw={440}>
          {children}
        </Text>
        {action}
      </Stack>
    </Card>
  );
}

/** A problem with its remedy and, where there is a page that helps, the way there. */
export function ProblemCard({
  problem,
  colour = 'red',
}: {
  problem: Pick<Problem, 'title' | 'remedy' | 'action'>;
  colour?: string;
}) {
  return (
    <Alert
      color={colour}
      variant="light"
      className="problem"
      title={problem.title}
      styles={{ title: { fontWeight: 600, overflowWrap: 'anywhere', color: 'var(--mantine-color-text)' } }}
    >
      <Group justify="space-between" align="flex-end" wrap="nowrap">
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          {problem.remedy}
        </Text>
        {problem.action && (
          <Button component={Link} href={problem.action} size="xs" variant="default">
            {words.common.open}
          </Button>
        )}
      </Group>
    </Alert>
  );
}

export const Failed = ({ error }: { error: unknown }) => <ProblemCard problem={problemOfCall(error)} />;
