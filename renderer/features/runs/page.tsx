import { SegmentedControl } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useLocation, useSearch } from 'wouter';
import { type RunState, runStates } from '../../../shared/states/run-state.ts';
import { client } from '../../client/connection.ts';
import { count } from '../../ui/format.ts';
import { Empty, Failed, PageHead } from '../../ui/page.tsx';
import { Pager } from '../../ui/pager.tsx';
import { RunTable } from '../../ui/run-table.tsx';
import { words } from '../../words/en.ts';

const { runs: w } = words;
const limit = 50;

export function RunsPage() {
  const asked = new URLSearchParams(useSearch());
  const [, go] = useLocation();
  const state = runStates.find(known => known === asked.get('state')) ?? null;
  const offset = Number(asked.get('offset') ?? 0);
  const set = (nextState: RunState | null, nextOffset: number) => {
    const next = new URLSearchParams({
      ...(nextState ? { state: nextState } : {}),
      ...(nextOffset > 0 ? { offset: String(nextOffset) } : {}),
    });
    go(next.size > 0 ? `/runs?${next}` : '/runs', { replace: true });
  };
  const query = { limit, offset, ...(state ? { state } : {}) };
  const { data, error } = useQuery({
    queryKey: ['runs', query],
    queryFn: () => client.runs.list(query),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <PageHead title={w.title} lead={data && count(data.total, w.one, w.many)}>
        <SegmentedControl
          aria-label={w.state}
          value={state ?? ''}
          onChange={value => set((value || null) as RunState | null, 0)}
          data={[
            { value: '', label: words.common.all },
            ...runStates.filter(known => known !== 'finished').map(known => ({ value: known, label: w.states[known] })),
          ]}
        />
      </PageHead>
      {error && <Failed error={error} />}
      {data?.total === 0 && <Empty>{state ? w.emptyFilter : w.empty}</Empty>}
      {data && data.items.length > 0 && <RunTable runs={data.items} />}
      {data && <Pager total={data.total} limit={limit} offset={offset} go={next => set(state, next)} />}
    </>
  );
}
