import { SegmentedControl, TextInput } from '@mantine/core';
import { useMemo, useRef, useState } from 'react';
import type { HubLine } from '../../../shared/schemas/logs.ts';
import { client } from '../../client/connection.ts';
import { useConnection, useFollow } from '../../client/hooks.ts';
import { LogView } from '../../ui/log-view.tsx';
import { Empty, PageHead } from '../../ui/page.tsx';
import { words } from '../../words/en.ts';

const { log: w, common } = words;
/** Older ones leave the page; the core keeps its own count. */
const kept = 20_000;
const levels = ['info', 'warn', 'error'] as const;

export function LogPage() {
  const { generation } = useConnection();
  const [lines, setLines] = useState<HubLine[]>([]);
  const [least, setLeast] = useState<string>('info');
  const [find, setFind] = useState('');
  const last = useRef({ seq: 0, generation: 0 });
  useFollow(
    signal => {
      // After a restart of the core the numbers begin anew.
      if (last.current.generation !== generation) last.current = { seq: 0, generation };
      if (last.current.seq === 0) setLines([]);
      return client.logs.follow({ after: last.current.seq }, { signal });
    },
    batch => {
      last.current.seq = batch.lines.at(-1)?.seq ?? last.current.seq;
      setLines(before => [...before, ...batch.lines].slice(-kept));
    },
  );
  const shown = useMemo(() => {
    const wanted = levels.slice(levels.indexOf(least as HubLine['level']));
    return lines
      .filter(
        line => wanted.includes(line.level) && `${line.source} ${line.line}`.toLowerCase().includes(find.toLowerCase()),
      )
      .map(line => ({ key: line.seq, at: line.at, label: line.source, kind: line.level, text: line.line }));
  }, [lines, least, find]);
  return (
    <>
      <PageHead title={w.title}>
        <TextInput
          w={260}
          placeholder={w.find}
          aria-label={w.find}
          value={find}
          onChange={event => setFind(event.currentTarget.value)}
        />
        <SegmentedControl
          aria-label={w.level}
          value={least}
          onChange={setLeast}
          data={[
            { value: 'info', label: common.all },
            { value: 'warn', label: 'Warnings' },
            { value: 'error', label: 'Errors' },
          ]}
        />
      </PageHead>
      {lines.length === 0 ? <Empty>{w.empty}</Empty> : <LogView lines={shown} height="calc(100vh - 160px)" />}
    </>
  );
}
