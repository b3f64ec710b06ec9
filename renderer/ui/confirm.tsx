import { Button, Group, Modal, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { words } from '../words/words.ts';

/** A button whose action is asked once more. */
export function ConfirmButton({
  label,
  ask,
  act,
  disabled,
}: {
  label: string;
  ask: ReactNode;
  act: () => void;
  disabled?: boolean;
}) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant="default" c="red" disabled={disabled} onClick={() => setOpen(true)}>
        {label}
      </Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={label} centered>
        <Text size="sm">{ask}</Text>
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={() => setOpen(false)}>
            {words.common.close}
          </Button>
          <Button
            color="red"
            onClick={() => {
              setOpen(false);
              act();
            }}
          >
            {label}
          </Button>
        </Group>
      </Modal>
    </>
  );
}
