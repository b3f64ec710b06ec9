import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { PullProgress } from '../../../../shared/schemas/images.ts';
import { client } from '../../../client/connection.ts';
import { bytes } from '../../../ui/format.ts';
import { sayFailed } from '../../../ui/notices.tsx';
import { words } from '../../../words/words.ts';
import { SuggestField } from './fields.tsx';
import { isThere } from './nodes.ts';

const { designer: w, common } = words;

interface Props {
  value: string | null;
  problem: string | undefined;
  commit: (value: string | null) => void;
  /** Of the engine; null while nobody knows. */
  images: string[] | null;
}

/** The image of a model, completed from those of the engine; one that is not there can be pulled. */
export function ImageField({ value, problem, commit, images }: Props) {
  const missing = value && images !== null && !isThere(value, images);
  return (
    <Stack gap={4}>
      <SuggestField label={w.image} data={images ?? []} value={value} problem={problem} commit={commit} />
      {missing && <Pull key={value} image={value} />}
    </Stack>
  );
}

function Pull({ image }: { image: string }) {
  const queries = useQueryClient();
  const [progress, setProgress] = useState<PullProgress | null>(null);
  const asked = useRef<AbortController | null>(null);
  useEffect(() => () => asked.current?.abort(), []);
  const pull = async () => {
    const mine = new AbortController();
    asked.current = mine;
    try {
      const steps = await client.images.pull({ image }, { signal: mine.signal });
      for await (const step of steps) if (!mine.signal.aborted) setProgress(step);
      await queries.invalidateQueries({ queryKey: ['images'] });
    } catch (failed) {
      if (!mine.signal.aborted) sayFailed(failed);
    }
    if (!mine.signal.aborted) setProgress(null);
  };
  const stop = () => {
    asked.current?.abort();
    setProgress(null);
  };
  if (progress === null) {
    return (
      <Group gap={6} justify="space-between">
        <Text size="xs" c="red">
          {w.imageNotHere}
        </Text>
        <Button size="compact-xs" variant="default" onClick={pull}>
          {w.pullNow}
        </Button>
      </Group>
    );
  }
  const { doneBytes, totalBytes, text } = progress;
  return (
    <Stack gap={2} role="status">
      <Progress animated value={totalBytes > 0 ? (doneBytes / totalBytes) * 100 : 100} aria-label={w.pullNow} />
      <Group gap={6} justify="space-between" wrap="nowrap">
        <Text size="xs" c="dimmed" className="clip">
          {totalBytes > 0 && `${bytes(doneBytes)} / ${bytes(totalBytes)} · `}
          {text}
        </Text>
        <Button size="compact-xs" variant="subtle" onClick={stop}>
          {common.cancel}
        </Button>
      </Group>
    </Stack>
  );
}
