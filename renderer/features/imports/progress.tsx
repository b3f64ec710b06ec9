import { ActionIcon, Button, Card, Group, Progress, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import type { Import } from '../../../shared/schemas/imports.ts';
import { client } from '../../client/connection.ts';
import { useFollow } from '../../client/hooks.ts';
import { bytes, duration } from '../../ui/format.ts';
import { sayFailed } from '../../ui/notices.tsx';
import { words } from '../../words/words.ts';
import { ImportCounts } from './counts.tsx';
import { ImportStateBadge } from './state-badge.tsx';

const { imports: w } = words;

/** What is being imported, on every page; an import that ended stays until it is closed. */
export function ImportProgress() {
  const queries = useQueryClient();
  const [shown, setShown] = useState<Import[]>([]);
  useFollow(
    signal => client.imports.watch(undefined, { signal }),
    ({ items }) => {
      setShown(before => merged(before, items));
      if (items.some(item => item.state !== 'running')) {
        for (const key of ['studies', 'imports', 'import']) void queries.invalidateQueries({ queryKey: [key] });
      }
    },
  );
  const close = (id: number) => setShown(before => before.filter(item => item.id !== id));
  return shown.map(item => <ImportCard key={item.id} item={item} close={() => close(item.id)} />);
}

function merged(before: Import[], items: Import[]): Import[] {
  const byId = new Map(before.map(item => [item.id, item]));
  for (const item of items) byId.set(item.id, item);
  return [...byId.values()];
}

function ImportCard({ item, close }: { item: Import; close: () => void }) {
  const running = item.state === 'running';
  return (
    <Card p="sm" data-import={item.id}>
      <Stack gap={6}>
        <Group justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap" style={{ minWidth: 0 }}>
            <ImportStateBadge state={item.state} />
            <Text size="sm" fw={600} className="clip" title={item.label}>
              {item.label}
            </Text>
            <ImportCounts item={item} />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <Button component={Link} href={`/imports/${item.id}`} size="compact-sm" variant="subtle">
              {w.report}
            </Button>
            {running ? (
              <Button
                size="compact-sm"
                variant="default"
                onClick={() => client.imports.cancel({ id: item.id }).catch(sayFailed)}
              >
                {w.cancel}
              </Button>
            ) : (
              <ActionIcon variant="subtle" color="gray" aria-label={words.common.close} onClick={close}>
                ×
              </ActionIcon>
            )}
          </Group>
        </Group>
        {running && <Progress value={partOf(item) * 100} aria-label={item.label} striped={!item.counted} animated />}
        {running && (
          <Text size="xs" c="dimmed" data-role="progress">
            {progressText(item)}
          </Text>
        )}
      </Stack>
    </Card>
  );
}

const partOf = ({ doneBytes, foundBytes, doneFiles, foundFiles }: Import) =>
  foundBytes > 0 ? doneBytes / foundBytes : foundFiles > 0 ? doneFiles / foundFiles : 0;

function progressText(item: Import): string {
  return [
    `${item.doneFiles.toLocaleString()} ${w.found} ${item.foundFiles.toLocaleString()} ${w.filesOf}${item.counted ? '' : ` (${w.counting})`}`,
    `${bytes(item.doneBytes)} ${w.found} ${bytes(item.foundBytes)}`,
    `${Math.round(item.filesPerSecond).toLocaleString()} ${w.filesPerSecond}, ${bytes(item.bytesPerSecond)}${w.perSecond}`,
    item.secondsLeft !== null && `${duration(item.secondsLeft * 1000)} ${w.left}`,
  ]
    .filter(Boolean)
    .join(' · ');
}
