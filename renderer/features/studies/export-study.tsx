import { Button, Group, Modal, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { ExportForm } from '../../../shared/schemas/exports.ts';
import type { Study } from '../../../shared/schemas/studies.ts';
import { client, fetchZip } from '../../client/connection.ts';
import { bytes } from '../../ui/format.ts';
import { say } from '../../ui/notices.tsx';
import { Failed } from '../../ui/page.tsx';
import { words } from '../../words/words.ts';

const { studyActions: w } = words;
const pathKey = 'gantry-export-path';

/** By the browser's own download, which goes to the disk as it comes. */
export async function downloadStudy({ studyInstanceUid }: Study): Promise<void> {
  const ticket = await client.studies.export({ studyInstanceUids: [studyInstanceUid] });
  fetchZip(ticket);
  say(ticket.name, bytes(ticket.bytes));
}

/** To a path of the machine of the core, which in Electron is this one; the last path is offered again. */
export function ExportStudy({ study, close }: { study: Study; close: () => void }) {
  const [folder, setFolder] = useState(() => localStorage.getItem(pathKey) ?? '');
  const [form, setForm] = useState<ExportForm>('folder');
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => client.studies.exportTo({ studyInstanceUids: [study.studyInstanceUid], folder, form }),
    onSuccess: ({ path, bytes: size }) => {
      localStorage.setItem(pathKey, folder);
      say(w.exported, `${path}, ${bytes(size)}`);
      close();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <Modal opened onClose={close} title={w.exportTitle} centered>
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm">{w.exportLead}</Text>
          <TextInput
            data-autofocus
            label={w.path}
            placeholder={w.pathExample}
            value={folder}
            onChange={event => setFolder(event.currentTarget.value)}
          />
          <SegmentedControl
            value={form}
            onChange={value => setForm(value as ExportForm)}
            data={[
              { value: 'folder', label: w.asFolder },
              { value: 'zip', label: w.asZip },
            ]}
          />
          {error && <Failed error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {words.common.cancel}
            </Button>
            <Button type="submit" disabled={folder.trim() === ''} loading={isPending}>
              {w.exportNow}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
