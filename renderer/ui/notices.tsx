import { Group, Notification, Portal, Stack } from '@mantine/core';
import { createStore, useStore } from 'zustand';
import { problemOfCall } from '../client/problem.ts';
import { words } from '../words/words.ts';

interface Notice {
  id: number;
  title: string;
  text: string;
  failed: boolean;
}

const store = createStore<{ items: Notice[]; last: number }>(() => ({ items: [], last: 0 }));
const shownMs = 3500;

function show(title: string, text: string, failed: boolean): void {
  const id = store.getState().last + 1;
  store.setState(({ items }) => ({ items: [...items, { id, title, text, failed }], last: id }));
  // A failure stays until it was read.
  if (!failed) setTimeout(() => close(id), shownMs);
}
const close = (id: number) => store.setState(({ items }) => ({ items: items.filter(item => item.id !== id) }));

export const say = (title: string, text = '') => show(title, text, false);
export function sayFailed(error: unknown): void {
  const { title, remedy } = problemOfCall(error);
  show(title || words.common.failed, remedy, true);
}

export function Notices() {
  const { items } = useStore(store);
  return (
    <Portal>
      <Group pos="fixed" bottom={16} right={16} style={{ zIndex: 400 }}>
        <Stack gap="xs" w={360} role="status" aria-live="polite">
          {items.map(({ id, title, text, failed }) => (
            <Notification key={id} title={title} color={failed ? 'red' : 'teal'} withBorder onClose={() => close(id)}>
              {text}
            </Notification>
          ))}
        </Stack>
      </Group>
    </Portal>
  );
}
