import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, useRef } from 'react';
import type { Document } from 'yaml';
import type { Explanation, FlowProblem } from '../../../../shared/schemas/flows.ts';
import { client } from '../../../client/connection.ts';
import type { Known } from './completion.ts';
import { readDocument } from './flow-document.ts';
import { type Shape, shapeOf } from './shape.ts';

const typingMs = 250;

/** What a flow is tested with. */
export type Subject = { batchId: number } | { studyInstanceUid: string } | { head: { name: string; base64: string } };

interface Read {
  document: Document;
  shape: Shape;
}

/** The text as it can be drawn; while it cannot be read, as it was when it could. */
export function useDrawn(text: string): Read & { stale: boolean } {
  const last = useRef<Read | null>(null);
  return useMemo(() => {
    const { document, broken } = readDocument(text);
    if (!broken || last.current === null) last.current = { document, shape: shapeOf(document) };
    return { ...last.current, stale: broken };
  }, [text]);
}

/** What the core says of the text as it stands. `current` is false until it has seen the newest. */
export function useProblems(text: string): { problems: FlowProblem[]; current: boolean } {
  const [typed] = useDebouncedValue(text, typingMs);
  const { data, isPlaceholderData } = useQuery({
    queryKey: ['flow-check', typed],
    queryFn: () => client.flows.check({ text: typed }),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 10_000,
  });
  return { problems: data?.problems ?? nothing, current: data !== undefined && !isPlaceholderData && typed === text };
}
const nothing: FlowProblem[] = [];

/** Whether the text as it stands would fire on the subject, and why. */
export function useVerdict(text: string, subject: Subject | null): { answer: Explanation | null; error: unknown } {
  const [typed] = useDebouncedValue(text, typingMs);
  const { data, error } = useQuery({
    queryKey: ['flow-explain', typed, subject],
    queryFn: () => client.flows.explain({ text: typed, ...(subject as Subject) }),
    enabled: subject !== null,
    // Of another subject nothing is shown; of the same one the last answer, until there is the next.
    placeholderData: (before, query) =>
      JSON.stringify(query?.queryKey[2]) === JSON.stringify(subject) ? before : undefined,
    gcTime: 10_000,
  });
  return { answer: subject ? (data ?? null) : null, error: subject ? error : null };
}

/** For completion and suggestions. */
export function useKnown(): Known {
  const { data: keys } = useQuery({
    queryKey: ['flow-keys'],
    queryFn: () => client.flows.keys(),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const { data: peers } = useQuery({ queryKey: ['peers'], queryFn: () => client.peers.list() });
  // Without an engine nobody knows which images there are.
  const { data: images } = useQuery({
    queryKey: ['images'],
    queryFn: () => client.images.list().catch(() => null),
    refetchInterval: 30_000,
  });
  return useMemo(
    () => ({
      keys,
      images: images ? images.items.map(image => image.name) : null,
      peers: peers?.items.map(peer => peer.name) ?? [],
    }),
    [keys, images, peers],
  );
}
