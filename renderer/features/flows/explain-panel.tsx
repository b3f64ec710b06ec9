import { Button, Card, Select, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { TriggerReason } from '../../../shared/schemas/batches.ts';
import type { Explanation } from '../../../shared/schemas/flows.ts';
import { client } from '../../client/connection.ts';
import { moment } from '../../ui/format.ts';
import { words } from '../../words/words.ts';
import type { Subject } from './designer/use-designer.ts';

const { flows: w } = words;

interface Props {
  /** Of the text as it stands, on what was chosen last. */
  answer: Explanation | null;
  choose: (subject: Subject) => void;
}

/** Would the text as it stands fire on what has been received, and why. */
export function ExplainPanel({ answer, choose }: Props) {
  const { data: batches } = useQuery({ queryKey: ['batches'], queryFn: () => client.batches.list({ limit: 30 }) });
  const [chosen, setChosen] = useState<string | null>(null);
  const choices = (batches?.items ?? []).map(batch => ({
    value: String(batch.id),
    label: `${batch.id} · ${moment(batch.closedAt ?? batch.openedAt)} · ${batch.callingAe} · ${batch.instanceCount} ${w.instances}`,
  }));
  return (
    <Card component="section" aria-label={w.explainTitle} style={{ flexShrink: 0 }}>
      <Stack gap="sm">
        <Text fw={600}>{w.explainTitle}</Text>
        {choices.length === 0 ? (
          <Text size="sm" c="dimmed">
            {w.noBatches}
          </Text>
        ) : (
          <>
            <Select
              aria-label={w.explainBatch}
              placeholder={w.explainPick}
              data={choices}
              value={chosen}
              onChange={setChosen}
            />
            <Button variant="default" disabled={!chosen} onClick={() => chosen && choose({ batchId: Number(chosen) })}>
              {w.explain}
            </Button>
          </>
        )}
        {answer && <Answer answer={answer} />}
      </Stack>
    </Card>
  );
}

function Answer({ answer: { verdict, problems } }: { answer: Explanation }) {
  if (!verdict) {
    const [first] = problems;
    return (
      <Text size="sm" c="red">
        {w.line} {first?.line}: {first?.what}
      </Text>
    );
  }
  return (
    <Stack gap="sm" role="status">
      <Text fw={600} c={verdict.matched ? 'teal' : 'red'}>
        {verdict.matched ? w.fires : w.firesNot}
      </Text>
      {verdict.triggers.length === 0 && <Text size="sm">{verdict.text}</Text>}
      {verdict.triggers.map(trigger => (
        <Trigger key={trigger.index} trigger={trigger} />
      ))}
    </Stack>
  );
}

function Trigger({ trigger }: { trigger: TriggerReason }) {
  return (
    <div>
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        {trigger.text}
      </Text>
      <Table mt={4} fz="xs">
        <Table.Tbody>
          {trigger.keys.map(key => (
            <Table.Tr key={key.keyword}>
              <Table.Td c={key.met ? 'teal' : 'red'} aria-label={key.met ? w.met : w.notMet}>
                {key.met ? '✓' : '✗'}
              </Table.Td>
              <Table.Td>{key.keyword}</Table.Td>
              <Table.Td className="mono">{key.pattern}</Table.Td>
              <Table.Td>{key.value ?? w.absent}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
