import { Button, Group, Loader, Modal, Radio, Stack, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { client } from '../../client/connection.ts';
import { sayFailed } from '../../ui/notices.tsx';
import { words } from '../../words/words.ts';
import { flowAddress } from './flow-address.ts';

const { flows: w, designer: d, common } = words;

export function NewFlow({ opened, close }: { opened: boolean; close: () => void }) {
  return (
    <Modal opened={opened} onClose={close} title={w.createTitle} centered size="lg">
      <Choice close={close} />
    </Modal>
  );
}

function Choice({ close }: { close: () => void }) {
  // Only who makes a flow waits for the samples and for what edits them.
  const { data } = useQuery({ queryKey: ['sample-flows'], queryFn: () => import('./samples.ts') });
  const [, go] = useLocation();
  const [file, setFile] = useState('my-flow.yml');
  const [typed, setTyped] = useState(false);
  const [from, setFrom] = useState('');
  if (!data) return <Loader size="xs" />;
  const create = async () => {
    const { items } = await client.flows.list();
    const { text } = data.samples.find(sample => sample.file === from) ?? data.empty;
    if (!items.some(item => item.file === file)) await client.flows.save({ file, text });
    go(flowAddress(file));
  };
  const choose = (name: string) => {
    setFrom(name);
    if (!typed) setFile(name || data.empty.file);
  };
  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        create().catch(sayFailed);
      }}
    >
      <TextInput
        data-autofocus
        label={w.fileName}
        description={w.fileHint}
        value={file}
        onChange={event => {
          setTyped(true);
          setFile(event.currentTarget.value);
        }}
      />
      <Radio.Group label={d.startFrom} value={from} onChange={choose} mt="md">
        <Stack gap={8} mt={6}>
          <Radio value="" label={d.startEmpty} />
          {data.samples.map(sample => (
            <Radio key={sample.file} value={sample.file} label={sample.name} description={sample.lead} />
          ))}
        </Stack>
      </Radio.Group>
      <Group justify="flex-end" mt="lg">
        <Button variant="default" onClick={close}>
          {common.close}
        </Button>
        <Button type="submit">{w.create}</Button>
      </Group>
    </form>
  );
}
