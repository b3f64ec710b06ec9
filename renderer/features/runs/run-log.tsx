import { Group, Select, Stack, TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { RunDetail } from '../../../shared/schemas/runs.ts';
import { LogView } from '../../ui/log-view.tsx';
import { Empty } from '../../ui/page.tsx';
import { words } from '../../words/words.ts';

const { runs: w } = words;

/** What the containers wrote, as it comes. */
export function RunLog({ run }: { run: RunDetail }) {
  const [step, setStep] = useState('');
  const [find, setFind] = useState('');
  const lines = useMemo(
    () =>
      run.log
        .filter(
          line => (step === '' || line.step === Number(step)) && line.line.toLowerCase().includes(find.toLowerCase()),
        )
        .map(line => ({ key: line.seq, at: line.at, label: `${line.step + 1}`, kind: line.stream, text: line.line })),
    [run.log, step, find],
  );
  if (run.log.length === 0) return <Empty>{w.noLog}</Empty>;
  const choices = [
    { value: '', label: w.allSteps },
    ...run.steps.map(item => ({ value: String(item.position), label: `${w.step} ${item.position + 1}: ${item.name}` })),
  ];
  return (
    <Stack gap="sm">
      <Group gap="sm">
        <TextInput
          flex={1}
          placeholder={w.searchLog}
          aria-label={w.searchLog}
          value={find}
          onChange={event => setFind(event.currentTarget.value)}
        />
        {run.steps.length > 1 && (
          <Select
            w={220}
            aria-label={w.step}
            data={choices}
            value={step}
            onChange={value => setStep(value ?? '')}
            allowDeselect={false}
          />
        )}
      </Group>
      <LogView lines={lines} height={360} />
    </Stack>
  );
}
