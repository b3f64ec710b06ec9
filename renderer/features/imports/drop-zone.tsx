import { Button, Center, Checkbox, Group, Modal, Overlay, Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useStore } from 'zustand';
import { dismiss, offerDrop, type Picked, picked } from '../../client/picked.ts';
import { sayFailed } from '../../ui/notices.tsx';
import { words } from '../../words/words.ts';
import { sendPicked } from './send.ts';

const { imports: w } = words;

/** Takes whatever is dropped anywhere in the window, and asks before it imports. */
export function DropZone() {
  const over = useDrop();
  const { offer } = useStore(picked);
  return (
    <>
      {over && (
        <Overlay fixed zIndex={500} color="var(--mantine-color-body)" backgroundOpacity={0.85} className="drop-here">
          <Center h="100%">
            <Stack align="center" gap={4}>
              <Text size="xl" fw={600}>
                {w.drop}
              </Text>
              <Text c="dimmed">{w.dropHint}</Text>
            </Stack>
          </Center>
        </Overlay>
      )}
      {offer && <AskImport offer={offer} />}
    </>
  );
}

/** @returns whether files are held over the window */
function useDrop(): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const end = new AbortController();
    const { signal } = end;
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    // A child that is entered tells of itself before the one that is left does.
    let depth = 0;
    const enter = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth++;
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (hasFiles(event) && --depth <= 0) setOver(false);
    };
    const hold = (event: DragEvent) => {
      if (hasFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent) => {
      if (!event.dataTransfer || !hasFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      offerDrop(event.dataTransfer);
    };
    window.addEventListener('dragenter', enter, { signal });
    window.addEventListener('dragleave', leave, { signal });
    window.addEventListener('dragover', hold, { signal });
    window.addEventListener('drop', drop, { signal });
    return () => end.abort();
  }, []);
  return over;
}

function AskImport({ offer }: { offer: Picked }) {
  const [evaluate, setEvaluate] = useState(false);
  const start = () => {
    dismiss();
    sendPicked(offer, evaluate).catch(sayFailed);
  };
  return (
    <Modal opened onClose={dismiss} title={w.ask} centered>
      <Stack>
        <Text style={{ overflowWrap: 'anywhere' }}>
          {offer.label} ({offer.count === 1 ? w.oneOf : `${offer.count.toLocaleString()} ${w.severalOf}`})
        </Text>
        <Checkbox
          label={w.evaluate}
          description={w.evaluateHint}
          checked={evaluate}
          onChange={event => setEvaluate(event.currentTarget.checked)}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={dismiss}>
            {words.common.cancel}
          </Button>
          <Button onClick={start} data-autofocus>
            {w.ask}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
