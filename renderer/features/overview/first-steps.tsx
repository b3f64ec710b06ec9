import { Button, Card, Code, CopyButton, Group, Stack, Text, Title } from '@mantine/core';
import { Link } from 'wouter';
import { words } from '../../words/words.ts';

const { overview: w, common } = words;

/** What to do on the first day, with the very command for this listener. */
export function FirstSteps({ aeTitle, port }: { aeTitle: string; port: number }) {
  const host = location.hostname || '127.0.0.1';
  const command = `storescu -aec ${aeTitle} +sd +r ${host === 'console' ? '127.0.0.1' : host} ${port} STUDY_FOLDER`;
  return (
    <Card>
      <Stack gap="sm">
        <Title order={2}>{w.firstTitle}</Title>
        <Text size="sm">{w.firstText}</Text>
        <Group gap="xs" wrap="nowrap">
          <Code block style={{ flex: 1 }}>
            {command}
          </Code>
          <CopyButton value={command}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy}>
                {copied ? common.copied : common.copy}
              </Button>
            )}
          </CopyButton>
        </Group>
        <Group gap="sm">
          <Text size="sm">{w.firstFlow}</Text>
          <Button component={Link} href="/flows" size="xs">
            {w.firstFlowButton}
          </Button>
        </Group>
      </Stack>
    </Card>
  );
}
