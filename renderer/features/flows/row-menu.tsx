import { ActionIcon, Button, Group, Menu, Modal, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { FlowSummary } from '../../../shared/schemas/flows.ts';
import { client } from '../../client/connection.ts';
import { sayFailed } from '../../ui/notices.tsx';
import { words } from '../../words/words.ts';
import { duplicate, setEnabled } from './flow-actions.ts';
import { flowAddress } from './flow-address.ts';

const { designer: w, flows, common } = words;

/** What can be done with a flow without opening it. */
export function RowMenu({ flow }: { flow: FlowSummary }) {
  const queries = useQueryClient();
  const [, go] = useLocation();
  const [asking, setAsking] = useState(false);
  const again = () => queries.invalidateQueries({ queryKey: ['flows'] });
  const copy = async () => {
    const { text } = await client.flows.get({ file: flow.file });
    const made = await duplicate(flow.file, text);
    if (made) go(flowAddress(made));
  };
  const remove = () => {
    setAsking(false);
    client.flows.remove({ file: flow.file }).then(again).catch(sayFailed);
  };
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={`${w.actions} ${flow.file}`}>
            ⋯
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {flow.valid && (
            <Menu.Item onClick={() => void setEnabled(flow.file, !flow.enabled).then(again)}>
              {flow.enabled ? w.disable : w.enable}
            </Menu.Item>
          )}
          <Menu.Item onClick={() => copy().catch(sayFailed)}>{w.duplicate}</Menu.Item>
          <Menu.Item c="red" onClick={() => setAsking(true)}>
            {flows.remove}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={asking} onClose={() => setAsking(false)} title={flow.file} centered>
        <Text size="sm">{flows.removeAsk}</Text>
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={() => setAsking(false)}>
            {common.close}
          </Button>
          <Button color="red" onClick={remove}>
            {flows.remove}
          </Button>
        </Group>
      </Modal>
    </>
  );
}
