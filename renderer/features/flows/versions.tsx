import { Anchor, Box, Button, Group, Modal, NavLink, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import type { FlowVersion } from '../../../shared/schemas/flows.ts';
import { client } from '../../client/connection.ts';
import { count, moment } from '../../ui/format.ts';
import { Failed, Loading } from '../../ui/page.tsx';
import { words } from '../../words/words.ts';
import { changesOnly, diffLines } from './diff-lines.ts';
import './versions.css';

const { designer: w, runs } = words;

interface Props {
  file: string;
  /** As it stands in the editor. */
  text: string;
  close: () => void;
  /** Puts a version into the editor; it counts when it is saved. */
  restore: (text: string) => void;
}

/** What the flow was at each save, what differs from now, and which runs used it. */
export function Versions({ file, text, close, restore }: Props) {
  const { data, error } = useQuery({
    queryKey: ['flow-versions', file],
    queryFn: () => client.flows.versions({ file }),
    staleTime: 0,
  });
  const [chosen, choose] = useState<string | null>(null);
  const version = data?.items.find(item => item.id === chosen) ?? data?.items[0];
  return (
    <Modal opened onClose={close} title={`${w.versions} · ${file}`} size="80rem" centered>
      {error && <Failed error={error} />}
      {!data && !error && <Loading />}
      {version && (
        <Group align="stretch" wrap="nowrap" gap="md" h="70vh">
          <Box w={300} style={{ overflow: 'auto', flexShrink: 0 }}>
            {data?.items.map(item => (
              <NavLink
                key={item.id}
                component="button"
                active={item.id === version.id}
                label={`${moment(item.at)}${item.version ? ` · ${item.version}` : ''}`}
                description={`${item.valid ? '' : `${words.flows.invalid} · `}${count(item.runCount, runs.one, runs.many)}`}
                onClick={() => choose(item.id)}
              />
            ))}
          </Box>
          <OneVersion key={version.id} file={file} version={version} text={text} restore={restore} />
        </Group>
      )}
    </Modal>
  );
}

interface OneProps extends Pick<Props, 'file' | 'text' | 'restore'> {
  version: FlowVersion;
}

function OneVersion({ file, version, text, restore }: OneProps) {
  const { data, error } = useQuery({
    queryKey: ['flow-version', file, version.id],
    queryFn: () => client.flows.version({ file, id: version.id }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (error) return <Failed error={error} />;
  if (!data) return <Loading />;
  const same = data.text === text;
  return (
    <Stack gap="sm" style={{ flex: 1, minWidth: 0 }}>
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          {same ? w.sameAsNow : w.diffToNow}
        </Text>
        <Button size="xs" disabled={same} onClick={() => restore(data.text)}>
          {w.restore}
        </Button>
      </Group>
      {version.runIds.length > 0 && (
        <Text size="sm">
          {w.usedBy}{' '}
          {version.runIds.map(id => (
            <Anchor key={id} component={Link} href={`/runs/${id}`} size="sm" mr={8}>
              {id}
            </Anchor>
          ))}
          {version.runCount > version.runIds.length && `… (${version.runCount})`}
        </Text>
      )}
      <Diff before={data.text} after={text} />
    </Stack>
  );
}

const signs = { same: ' ', old: '-', new: '+' };

function Diff({ before, after }: { before: string; after: string }) {
  const all = diffLines(before, after);
  // A version like the present one is shown whole, for there is nothing else to see.
  const lines = before === after ? all : changesOnly(all);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <section className="diff" aria-label={w.difference} tabIndex={0}>
      {lines.map((line, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines of one difference never move
        <div key={at} className={line ? `diff-${line.kind}` : 'diff-left-out'}>
          {line ? `${signs[line.kind]} ${line.text}` : '⋯'}
        </div>
      ))}
    </section>
  );
}
