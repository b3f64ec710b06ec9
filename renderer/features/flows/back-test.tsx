import { Anchor, Button, Group, Modal, NumberInput, Progress, SimpleGrid, Stack, Text } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import type { BackTestReport, BackTestStudy } from '../../../shared/schemas/flows.ts';
import { client } from '../../client/connection.ts';
import { problemOfCall } from '../../client/problem.ts';
import { count, dicomDate, personName } from '../../ui/format.ts';
import { ProblemCard } from '../../ui/page.tsx';
import { words } from '../../words/words.ts';

const { designer: w, studies } = words;

/** What a change of the flow would have meant for the studies of the last days, before it is saved. */
export function BackTest({ file, text, close }: { file: string; text: string; close: () => void }) {
  const [days, setDays] = useState(30);
  const [report, setReport] = useState<BackTestReport | null>(null);
  const [error, setError] = useState<unknown>(null);
  const asked = useRef<AbortController | null>(null);
  useEffect(() => () => asked.current?.abort(), []);
  const start = async () => {
    asked.current?.abort();
    const mine = new AbortController();
    asked.current = mine;
    setError(null);
    setReport(null);
    try {
      for await (const next of await client.flows.backTest({ file, text, days }, { signal: mine.signal })) {
        if (!mine.signal.aborted) setReport(next);
      }
    } catch (failed) {
      if (!mine.signal.aborted) setError(failed);
    }
  };
  return (
    <Modal opened onClose={close} title={`${w.backTest} · ${file}`} size="60rem" centered>
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {w.backTestLead}
        </Text>
        <Group align="flex-end">
          <NumberInput
            label={w.lastDays}
            min={1}
            max={36_500}
            w={140}
            value={days}
            onChange={value => setDays(Math.min(36_500, Math.max(1, Number(value) || 1)))}
          />
          <Button onClick={start}>{w.backTestStart}</Button>
        </Group>
        {error !== null && <ProblemCard problem={problemOfCall(error)} />}
        {report && <Report report={report} />}
      </Stack>
    </Modal>
  );
}

function Report({ report }: { report: BackTestReport }) {
  const { done, total, ended, fires, savedFires, savedValid, unreadable } = report;
  return (
    <Stack gap="sm" role="status">
      {!ended && <Progress value={total === 0 ? 100 : (done / total) * 100} animated aria-label={w.backTest} />}
      <Text fw={600}>
        {w.over} {ended ? '' : `${done} ${words.common.of} `}
        {count(total, studies.one, studies.many)}: {w.thisFires} {fires}, {w.savedFires} {savedFires}.
      </Text>
      {!savedValid && <Text size="sm">{w.savedInvalid}</Text>}
      {unreadable > 0 && (
        <Text size="sm" c="red">
          {w.unreadable} {unreadable}
        </Text>
      )}
      <SimpleGrid cols={2}>
        <Differences title={w.gained} total={report.gainedCount} items={report.gained} />
        <Differences title={w.lost} total={report.lostCount} items={report.lost} />
      </SimpleGrid>
    </Stack>
  );
}

function Differences({ title, total, items }: { title: string; total: number; items: BackTestStudy[] }) {
  return (
    <section aria-label={title}>
      <Text size="sm" fw={600} mb={4}>
        {title} ({total})
      </Text>
      <Stack gap={2} mah={320} style={{ overflow: 'auto' }}>
        {items.map(study => (
          <Anchor key={study.studyInstanceUid} component={Link} href={`/studies/${study.studyInstanceUid}`} size="sm">
            {[personName(study.patientName) || studies.noName, dicomDate(study.studyDate), study.studyDescription]
              .filter(Boolean)
              .join(' · ')}
          </Anchor>
        ))}
        {total > items.length && <Text size="sm">… {total - items.length}</Text>}
      </Stack>
    </section>
  );
}
