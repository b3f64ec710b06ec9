import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { Study } from '../../../shared/schemas/studies.ts';
import { client } from '../../client/connection.ts';
import { sayFailed } from '../../ui/notices.tsx';
import { words } from '../../words/words.ts';

const { byHand: w, common } = words;

interface Props {
  study: Study;
  /** Run a flow on it, or send it to a peer. */
  what: 'flow' | 'peer';
  close(): void;
}

/** Asks which flow, or which peer, and goes to the run that comes of it. */
export function RunStudy({ study, what, close }: Props) {
  const [, go] = useLocation();
  const [chosen, setChosen] = useState<string | null>(null);
  const flows = useQuery({ queryKey: ['flows'], queryFn: () => client.flows.list(), enabled: what === 'flow' });
  const peers = useQuery({ queryKey: ['peers'], queryFn: () => client.peers.list(), enabled: what === 'peer' });
  const data =
    what === 'flow'
      ? (flows.data?.items ?? [])
          .filter(flow => flow.valid)
          .map(({ file, name }) => ({ value: file, label: name ? `${name} (${file})` : file }))
      : (peers.data?.items ?? []).map(({ name, aeTitle, host, port }) => ({
          value: name,
          label: `${name} (${aeTitle} ${host}:${port})`,
        }));
  const { studyInstanceUid } = study;
  const start = () =>
    client.runs
      .start({ studyInstanceUid, [what]: chosen ?? '' } as Parameters<typeof client.runs.start>[0])
      .then(run => {
        close();
        go(`/runs/${run.id}`);
      })
      .catch(sayFailed);
  return (
    <Modal opened onClose={close} title={w[what].title} centered>
      <Stack gap="md">
        <Text size="sm">{w[what].lead}</Text>
        <Select
          data-autofocus
          searchable
          label={w[what].label}
          data={data}
          value={chosen}
          onChange={setChosen}
          nothingFoundMessage={w[what].none}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            {common.close}
          </Button>
          <Button disabled={!chosen} onClick={start}>
            {w[what].start}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
