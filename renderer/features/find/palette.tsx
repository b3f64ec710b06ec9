import { Button, Combobox, Group, Kbd, Modal, ScrollArea, Text, TextInput, useCombobox } from '@mantine/core';
import { useDebouncedValue, useHotkeys } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { words } from '../../words/words.ts';
import { useTargets } from './targets.ts';

const { find: w } = words;
const isMac = navigator.platform.startsWith('Mac');
const debounceMs = 200;

/** The way to everything by name, with Ctrl+K (⌘K) from wherever one is. */
export function Find() {
  const [open, setOpen] = useState(false);
  useHotkeys([['mod+K', () => setOpen(true)]], [], true);
  return (
    <>
      <Button
        variant="default"
        size="xs"
        fw={400}
        onClick={() => setOpen(true)}
        rightSection={<Kbd size="xs">{isMac ? '⌘ K' : 'Ctrl K'}</Kbd>}
      >
        {w.button}
      </Button>
      <Modal.Root
        opened={open}
        onClose={() => setOpen(false)}
        size={620}
        yOffset="12vh"
        transitionProps={{ duration: 0 }}
      >
        <Modal.Overlay />
        <Modal.Content aria-label={w.button}>{open && <Palette close={() => setOpen(false)} />}</Modal.Content>
      </Modal.Root>
    </>
  );
}

function Palette({ close }: { close(): void }) {
  const [text, setText] = useState('');
  const [settled] = useDebouncedValue(text, debounceMs);
  const { groups, pending } = useTargets(text, settled);
  const [, go] = useLocation();
  const combobox = useCombobox({ opened: true });
  const shown = groups.map(group => group.targets.map(target => target.href).join()).join();

  // biome-ignore lint/correctness/useExhaustiveDependencies: the first one is chosen anew when others are shown
  useEffect(() => {
    combobox.selectFirstOption();
  }, [shown]);

  return (
    <Combobox
      store={combobox}
      onOptionSubmit={href => {
        close();
        go(href);
      }}
    >
      <Combobox.EventsTarget>
        <TextInput
          data-autofocus
          size="md"
          variant="unstyled"
          px="md"
          py={6}
          aria-label={w.label}
          placeholder={w.label}
          value={text}
          onChange={event => setText(event.currentTarget.value)}
          // The list would take the key for itself.
          onKeyDown={event => event.key === 'Escape' && close()}
        />
      </Combobox.EventsTarget>
      <ScrollArea.Autosize
        mah="55vh"
        type="auto"
        style={{ borderTop: '1px solid var(--mantine-color-default-border)' }}
      >
        <Combobox.Options p="xs">
          {groups.map(({ name, targets }) => (
            <Combobox.Group key={name} label={name}>
              {targets.map(({ href, label, hint }) => (
                <Combobox.Option key={`${href} ${label}`} value={href}>
                  <Group justify="space-between" wrap="nowrap" gap="md">
                    <Text size="sm" style={{ flexShrink: 0 }}>
                      {label}
                    </Text>
                    <Text size="sm" c="inherit" opacity={0.8} className="clip">
                      {hint}
                    </Text>
                  </Group>
                </Combobox.Option>
              ))}
            </Combobox.Group>
          ))}
          {groups.length === 0 && <Combobox.Empty>{pending ? words.common.loading : w.nothing}</Combobox.Empty>}
        </Combobox.Options>
      </ScrollArea.Autosize>
    </Combobox>
  );
}
