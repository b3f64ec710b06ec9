import { Button, Switch } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { client } from '../../client/connection.ts';
import { problemOfCall } from '../../client/problem.ts';
import { ConfirmButton } from '../../ui/confirm.tsx';
import { say, sayFailed } from '../../ui/notices.tsx';
import { Failed, Loading, PageHead } from '../../ui/page.tsx';
import { words } from '../../words/words.ts';
import { BackTest } from './back-test.tsx';
import { Designer } from './designer/designer.tsx';
import { duplicate, setEnabled } from './flow-actions.ts';
import { flowAddress } from './flow-address.ts';
import { Versions } from './versions.tsx';

const { flows: w, designer: d } = words;

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
  const [open, setOpen] = useState<'versions' | 'back-test' | null>(null);
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
  const switchOn = async (enabled: boolean) => {
    await setEnabled(file, enabled);
    await queries.refetchQueries({ queryKey: ['flow', file] });
    void queries.invalidateQueries({ queryKey: ['flows'] });
  };
  const copy = async () => {
    const made = await duplicate(file, text);
    if (made) go(flowAddress(made));
  };
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
        {saved.valid && (
          <Switch
            label={d.enabled}
            checked={saved.enabled}
            disabled={changed}
            title={changed ? d.saveFirst : ''}
            onChange={event => void switchOn(event.currentTarget.checked)}
          />
        )}
        <Button variant="default" disabled={!changed} onClick={() => setOpen('back-test')}>
          {d.backTest}
        </Button>
        <Button variant="default" onClick={() => setOpen('versions')}>
          {d.versions}
        </Button>
        <Button variant="default" onClick={copy}>
          {d.duplicate}
        </Button>
        <ConfirmButton label={w.remove} ask={w.removeAsk} act={remove} />
        <Button variant="default" onClick={reload}>
          {w.reload}
        </Button>
        <Button disabled={!changed} onClick={save}>
          {w.save}
        </Button>
      </PageHead>
      <Designer file={file} text={text} change={setDraft} save={save} />
      {open === 'back-test' && <BackTest file={file} text={text} close={() => setOpen(null)} />}
      {open === 'versions' && (
        <Versions
          file={file}
          text={text}
          close={() => setOpen(null)}
          restore={old => {
            setDraft(old);
            setOpen(null);
          }}
        />
      )}
    </>
  );
}
