import { SegmentedControl, Tabs } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useLocation, useSearch } from 'wouter';
import { runStates } from '../../../shared/states/run-state.ts';
import { client } from '../../client/connection.ts';
import { Empty, Failed, PageHead } from '../../ui/page.tsx';
import { Pager } from '../../ui/pager.tsx';
import { RunTable } from '../../ui/run-table.tsx';
import { words } from '../../words/words.ts';
import { Failures } from './failures.tsx';
import { PauseButton, PausedNotice, QueueBar } from './queue-bar.tsx';
import { Statistics } from './statistics.tsx';

const { runs: w, queue: q } = words;
const limit = 50;
const views = ['all', 'failures', 'statistics'] as const;

export function RunsPage() {
  const asked = new URLSearchParams(useSearch());
  const [, go] = useLocation();
  const view = views.find(known => known === asked.get('view')) ?? 'all';
  const set = (change: Record<string, string | number | null>) => {
    for (const [key, value] of Object.entries(change)) {
      if (value === null || value === 0 || value === '' || value === 'all') asked.delete(key);
      else asked.set(key, String(value));
    }
    go(asked.size > 0 ? `/runs?${asked}` : '/runs', { replace: true });
  };
  return (
    <>
      <PageHead title={w.title} lead={<QueueBar />}>
        <PauseButton />
      </PageHead>
      <PausedNotice />
      <Tabs value={view} onChange={next => set({ view: next, offset: null, state: null })} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="all">{q.all}</Tabs.Tab>
          <Tabs.Tab value="failures">{q.failures}</Tabs.Tab>
          <Tabs.Tab value="statistics">{q.statistics}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="all">
          <List asked={asked} set={set} />
        </Tabs.Panel>
        <Tabs.Panel value="failures">
          <Failures />
        </Tabs.Panel>
        <Tabs.Panel value="statistics">
          <Statistics days={Number(asked.get('days') ?? 30)} setDays={days => set({ days })} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

interface ListProps {
  asked: URLSearchParams;
  set(change: Record<string, string | number | null>): void;
}

function List({ asked, set }: ListProps) {
  const state = runStates.find(known => known === asked.get('state')) ?? null;
  const offset = Number(asked.get('offset') ?? 0);
  const query = { limit, offset, ...(state ? { state } : {}) };
  const { data, error } = useQuery({
    queryKey: ['runs', query],
    queryFn: () => client.runs.list(query),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <SegmentedControl
        aria-label={w.state}
        mb="md"
        value={state ?? ''}
        onChange={value => set({ state: value, offset: null })}
        data={[
          { value: '', label: words.common.all },
          ...runStates.filter(known => known !== 'finished').map(known => ({ value: known, label: w.states[known] })),
        ]}
      />
      {error && <Failed error={error} />}
      {data?.total === 0 && <Empty>{state ? w.emptyFilter : w.empty}</Empty>}
      {data && data.items.length > 0 && <RunTable runs={data.items} />}
      {data && <Pager total={data.total} limit={limit} offset={offset} go={next => set({ offset: next })} />}
    </>
  );
}
