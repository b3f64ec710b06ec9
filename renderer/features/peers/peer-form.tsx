import { Button, Checkbox, Group, Modal, NumberInput, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Peer } from '../../../shared/schemas/peers.ts';
import { ConfirmButton } from '../../ui/confirm.tsx';
import { words } from '../../words/words.ts';

const { peers: w, common } = words;

interface Props {
  peer: Peer;
  isNew: boolean;
  close: () => void;
  save: (peer: Peer) => void;
  remove: () => void;
}

export function PeerForm({ peer: given, isNew, close, save, remove }: Props) {
  const [peer, setPeer] = useState(given);
  const set = (change: Partial<Peer>) => setPeer({ ...peer, ...change });
  const tls = (key: 'ca' | 'certificate' | 'key', label: string) => (
    <TextInput
      label={label}
      value={peer.tls?.[key] ?? ''}
      onChange={event => set({ tls: { ...peer.tls, [key]: event.currentTarget.value || undefined } })}
    />
  );
  return (
    <Modal opened onClose={close} title={isNew ? w.add : w.edit} centered>
      <form
        onSubmit={event => {
          event.preventDefault();
          save(peer);
        }}
      >
        <Stack gap="sm">
          <TextInput
            data-autofocus
            required
            label={w.name}
            value={peer.name}
            onChange={event => set({ name: event.currentTarget.value })}
          />
          <TextInput
            required
            maxLength={16}
            label={w.aeTitle}
            value={peer.aeTitle}
            onChange={event => set({ aeTitle: event.currentTarget.value })}
          />
          <Group grow align="flex-start">
            <TextInput
              required
              label={w.host}
              value={peer.host}
              onChange={event => set({ host: event.currentTarget.value })}
            />
            <NumberInput
              required
              label={w.port}
              min={1}
              max={65535}
              hideControls
              value={peer.port}
              onChange={value => set({ port: Number(value) })}
            />
          </Group>
          <Checkbox
            label={w.useTls}
            checked={peer.tls !== null}
            onChange={event => set({ tls: event.currentTarget.checked ? {} : null })}
          />
          {peer.tls && (
            <>
              {tls('ca', w.ca)}
              {tls('certificate', w.certificate)}
              {tls('key', w.key)}
            </>
          )}
          <TextInput
            label={w.comment}
            value={peer.comment}
            onChange={event => set({ comment: event.currentTarget.value })}
          />
          <Group justify="space-between" mt="sm">
            {isNew ? <span /> : <ConfirmButton label={w.remove} ask={w.removeAsk} act={remove} />}
            <Group gap="xs">
              <Button variant="default" onClick={close}>
                {common.close}
              </Button>
              <Button type="submit">{common.save}</Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
