import { Button, Card, Stack, Text } from '@mantine/core';
import type { FlowProblem } from '../../../shared/schemas/flows.ts';
import { words } from '../../words/words.ts';

const { flows: w } = words;

export function ProblemList({ problems, open }: { problems: FlowProblem[]; open: (line: number) => void }) {
  return (
    <Card component="section" aria-label={w.problems} style={{ flexShrink: 0 }}>
      <Text fw={600} mb={6}>
        {w.problems}
      </Text>
      {problems.length === 0 && (
        <Text size="sm" c="dimmed">
          {w.noProblems}
        </Text>
      )}
      <Stack gap="sm">
        {problems.map(problem => (
          <div key={`${problem.line} ${problem.column} ${problem.what}`}>
            <Button
              variant="subtle"
              size="compact-xs"
              color={problem.severity === 'error' ? 'red' : 'yellow'}
              onClick={() => open(problem.line)}
            >
              {w.line} {problem.line}
            </Button>
            <Text size="sm">{problem.what}</Text>
            <Text size="xs" c="dimmed">
              {problem.remedy}
            </Text>
          </div>
        ))}
      </Stack>
    </Card>
  );
}
