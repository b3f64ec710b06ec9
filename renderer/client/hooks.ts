import { QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useStore } from 'zustand';
import { connection } from './connection.ts';

export const queryClient = new QueryClient({
  defaultOptions: { queries: { staleTime: 5000, retry: false, refetchOnWindowFocus: false } },
});

export const useConnection = () => useStore(connection);

/**
 * Follows a stream of the core for as long as the component is there, and opens it again on every new connection.
 *
 * @param open makes the stream
 * @param item told every item, in order
 */
export function useFollow<T>(
  open: (signal: AbortSignal) => Promise<AsyncIterable<T>>,
  item: (value: T) => void,
  key = '',
): void {
  const { generation } = useConnection();
  const latest = useRef({ open, item });
  latest.current = { open, item };
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new connection or another key opens the stream anew
  useEffect(() => {
    const controller = new AbortController();
    const follow = async () => {
      for await (const value of await latest.current.open(controller.signal)) {
        if (controller.signal.aborted) return;
        latest.current.item(value);
      }
    };
    // A stream ends with its connection; the next generation opens it again.
    if (generation > 0) follow().catch(() => {});
    return () => controller.abort();
  }, [generation, key]);
}

/** Asks everything again after a connection was lost and made anew. */
export function useHealing(): void {
  const { generation } = useConnection();
  const queries = useQueryClient();
  useEffect(() => {
    if (generation > 1) void queries.invalidateQueries();
  }, [generation, queries]);
}
