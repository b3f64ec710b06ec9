import { Button, Card, Group, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import type { FlowProblem } from '../../../shared/schemas/flows.ts';
import { client } from '../../client/connection.ts';
import { problemOfCall } from '../../client/problem.ts';
import { ConfirmButton } from '../../ui/confirm.tsx';
import { say, sayFailed } from '../../ui/notices.tsx';
import { Failed, Loading, PageHead } from '../../ui/page.tsx';
import { words } from '../../words/en.ts';
import { ExplainPanel } from './explain-panel.tsx';
import { YamlEditor } from './yaml-editor.tsx';

const { flows: w } = words;

export default function FlowPage({ file }: { file: string }) {
  const queries = useQueryClient();
  const [, go] = useLocation();
  const { data: saved, error } = useQuery({
    queryKey: ['flow', file],
    queryFn: () => client.flows.get({ file }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const draftKey = `flow-draft ${file}`;
  const [draft, setDraft] = useState<string | null>(() => sessionStorage.getItem(draftKey));
  const [line, setLine] = useState<{ line: number; asked: number } | null>(null);
  const changed = draft !== null && draft !== saved?.text;
  // A reload must not lose what was typed.
  useEffect(() => {
    if (changed) sessionStorage.setItem(draftKey, draft);
    else sessionStorage.removeItem(draftKey);
  }, [changed, draft, draftKey]);
  if (error) return <Failed error={error} />;
  if (!saved) return <Loading />;
  const text = draft ?? saved.text;
  const save = async () => {
    try {
      const now = await client.flows.save({ file, text, etag: saved.etag });
      queries.setQueryData(['flow', file], now);
      setDraft(null);
      void queries.invalidateQueries({ queryKey: ['flows'] });
      say(w.saved, now.valid ? '' : w.invalid);
    } catch (failed) {
      if (problemOfCall(failed).code === 'FLOW_CHANGED') say(w.problems, w.changedElsewhere);
      else sayFailed(failed);
    }
  };
  const reload = async () => {
    await navigator.clipboard?.writeText(text).catch(() => {});
    setDraft(null);
    await queries.refetchQueries({ queryKey: ['flow', file] });
  };
  const remove = () =>
    client.flows
      .remove({ file })
      .then(() => {
        setDraft(null);
        void queries.invalidateQueries({ queryKey: ['flows'] });
        go('/flows');
      })
      .catch(sayFailed);
  return (
    <>
      <PageHead
        title={saved.name || file}
        lead={
          <span className="mono">
            {file}
            {changed ? ` · ${w.unsaved}` : ''}
          </span>
        }
      >
        <ConfirmButton label={w.remove} ask={w.removeAsk} act={remove} />
        <Button variant="default" onClick={reload}>
          {w.reload}
        </Button>
        <Button disabled={!changed} onClick={save}>
          {w.save}
        </Button>
      </PageHead>
      <Group align="stretch" gap="md" wrap="nowrap" style={{ flex: 1, minHeight: 420 }}>
        <YamlEditor
          text={text}
          problems={changed ? [] : saved.problems}
          line={line}
          change={setDraft}
          save={save}
          label={file}
        />
        <Stack w={380} gap="md" style={{ flexShrink: 0, overflow: 'auto' }}>
          <Problems problems={saved.problems} open={number => setLine({ line: number, asked: Date.now() })} />
          <ExplainPanel text={text} />
        </Stack>
      </Group>
    </>
  );
}

function Problems({ problems, open }: { problems: FlowProblem[]; open: (line: number) => void }) {
  return (
    <Card component="section" aria-label={w.problems}>
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
