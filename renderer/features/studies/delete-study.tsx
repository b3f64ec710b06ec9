import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useLocation } from 'wouter';
import type { Study } from '../../../shared/schemas/studies.ts';
import { client } from '../../client/connection.ts';
import { bytes, personName } from '../../ui/format.ts';
import { say } from '../../ui/notices.tsx';
import { Failed } from '../../ui/page.tsx';
import { words } from '../../words/words.ts';

const { studyActions: w } = words;

/** Nothing is deleted by a slip of the hand: the Patient ID, or the word where there is none, has to be typed. */
export function DeleteStudy({ study, close }: { study: Study; close: () => void }) {
  const [typed, setTyped] = useState('');
  const [, go] = useLocation();
  const queries = useQueryClient();
  const expected = study.patientId.trim() || w.word;
  // The core knows one word, whatever the language of the window.
  const confirm = typed.trim() === w.word ? 'DELETE' : typed;
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => client.studies.remove({ studyInstanceUid: study.studyInstanceUid, confirm }),
    onSuccess: ({ instances }) => {
      say(w.deleted, `${instances} ${w.instances}`);
      void queries.invalidateQueries({ queryKey: ['studies'] });
      go('/studies');
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <Modal opened onClose={close} title={w.deleteTitle} centered>
      <form onSubmit={submit}>
        <Stack>
          <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
            {[personName(study.patientName), study.patientId, study.studyDescription].filter(Boolean).join(' · ')}
          </Text>
          <Text size="sm" c="dimmed">
            {study.instanceCount.toLocaleString()} {w.instances}, {bytes(study.bytes)}
          </Text>
          <Text size="sm">{w.deleteAsk}</Text>
          <TextInput
            data-autofocus
            label={study.patientId.trim() ? w.typeId : w.typeWord}
            placeholder={expected}
            value={typed}
            onChange={event => setTyped(event.currentTarget.value)}
          />
          {error && <Failed error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {words.common.cancel}
            </Button>
            <Button type="submit" color="red" disabled={typed.trim() !== expected} loading={isPending}>
              {w.deleteNow}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
