import { NativeSelect } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import type { Run } from '../../shared/schemas/runs.ts';
import { client } from '../client/connection.ts';
import { words } from '../words/words.ts';
import { sayFailed } from './notices.tsx';

const priorities = ['5', '4', '3', '2', '1', '0'];

/** The priority of a run, which can be changed while it waits. */
export function RunPriority({ run }: { run: Run }) {
  const queries = useQueryClient();
  if (run.state !== 'pending') return <>{run.priority}</>;
  const change = (priority: number) =>
    client.queue
      .prioritise({ id: run.id, priority })
      .then(() => queries.invalidateQueries({ queryKey: ['runs'] }))
      .catch(sayFailed);
  return (
    <NativeSelect
      size="xs"
      w={56}
      aria-label={`${words.runs.priority} #${run.id}`}
      data={priorities}
      value={String(run.priority)}
      onClick={event => event.stopPropagation()}
      onChange={event => change(Number(event.currentTarget.value))}
    />
  );
}
