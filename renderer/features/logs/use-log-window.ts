import { useCallback, useEffect, useRef, useState } from 'react';
import type { LogFilter } from '../../../shared/schemas/logs.ts';
import { client } from '../../client/connection.ts';
import { useConnection } from '../../client/hooks.ts';
import { emptyWindow, highest, type LogWindow, withNewer, withOlder, withTail } from './log-window.ts';

const pageLines = 500;
/** Asked for at most so often: ten pictures a second are enough for an eye that follows. */
const pauseMs = 100;
const tailLines = 3000;
const waitMs = 20_000;
/** A first page of a rare find goes on looking until there is this much to see. */
const enough = 60;

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

/** The stretch of the log that is in the page, and the ways to move it. `around` opens it at that line. */
export function useLogWindow(filter: LogFilter, around: number | null) {
  const { generation } = useConnection();
  const [window, setWindow] = useState<LogWindow>(emptyWindow);
  const [error, setError] = useState<unknown>(null);
  const [looking, setLooking] = useState(false);
  const [again, setAgain] = useState(0);
  const now = useRef(window);
  const set = useCallback((next: LogWindow) => {
    now.current = next;
    setWindow(next);
  }, []);
  const busy = useRef<AbortController | null>(null);
  const opened = useRef<AbortSignal | null>(null);
  const start = useRef(around);
  start.current = around;
  const key = JSON.stringify(filter);

  /** Asks for pages before the first line, until there are `wanted` more or none is left. */
  // biome-ignore lint/correctness/useExhaustiveDependencies: a filter is what it says
  const older = useCallback(
    async (signal: AbortSignal, wanted: number) => {
      setLooking(true);
      try {
        for (let got = 0; got < wanted && !now.current.atOldest; ) {
          const page = await client.logs.page(
            { ...filter, before: now.current.lookedTo, limit: pageLines },
            { signal },
          );
          if (signal.aborted) return;
          got += page.items.length;
          set(withOlder(now.current, page));
        }
      } finally {
        if (!signal.aborted) setLooking(false);
      }
    },
    [key, set],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: `around` counts when the window opens, not after
  useEffect(() => {
    if (generation === 0) return;
    const controller = new AbortController();
    const { signal } = controller;
    opened.current = signal;
    busy.current = null;
    const open = async () => {
      const line = start.current;
      const first = await client.logs.page(
        { ...filter, limit: pageLines, ...(line !== null && { before: line + 1 }) },
        { signal },
      );
      if (signal.aborted) return;
      let next = withOlder({ ...emptyWindow, following: line === null, last: first.newest }, first);
      if (line !== null) {
        const after = await client.logs.page({ ...filter, after: line, limit: pageLines }, { signal });
        if (signal.aborted) return;
        next = withNewer(next, after);
      }
      setError(null);
      set({ ...next, loaded: true, opened: now.current.opened + 1 });
      if (next.lines.length < enough) await older(signal, enough - next.lines.length);
    };
    const follow = async () => {
      while (!signal.aborted) {
        const { last, following } = now.current;
        const tail = await client.logs.tail(
          { ...filter, after: last, limit: following ? tailLines : 1, wait: waitMs },
          { signal },
        );
        if (signal.aborted) return;
        set(withTail(now.current, tail));
        await pause(pauseMs);
      }
    };
    open()
      .then(follow)
      .catch(failed => {
        if (!signal.aborted) setError(failed);
      });
    return () => controller.abort();
  }, [generation, key, again, set]);

  /** One page at a time. */
  const load = useCallback((work: (signal: AbortSignal) => Promise<void>) => {
    const signal = opened.current;
    if (busy.current || !signal || signal.aborted) return;
    const mine = new AbortController();
    busy.current = mine;
    work(signal)
      .catch(() => {})
      .finally(() => {
        if (busy.current === mine) busy.current = null;
      });
  }, []);

  return {
    window,
    error,
    looking,
    onTop: useCallback(() => load(signal => older(signal, 1)), [load, older]),
    // biome-ignore lint/correctness/useExhaustiveDependencies: a filter is what it says
    onBottom: useCallback(
      () =>
        load(async signal => {
          if (now.current.below === 0) return;
          const page = await client.logs.page(
            { ...filter, after: highest(now.current.lines), limit: pageLines },
            { signal },
          );
          if (!signal.aborted) set(withNewer(now.current, page));
        }),
      [key, load, set],
    ),
    /** Stays where it is, or goes to the newest line and follows. */
    follow: useCallback(
      (following: boolean) => {
        const { below } = now.current;
        if (following && below > 0) {
          start.current = null;
          setAgain(count => count + 1);
        }
        set({ ...now.current, following, skipped: following ? 0 : now.current.skipped });
      },
      [set],
    ),
  };
}
