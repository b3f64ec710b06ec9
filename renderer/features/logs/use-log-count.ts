import { useEffect, useState } from 'react';
import type { LogFilter } from '../../../shared/schemas/logs.ts';
import { client } from '../../client/connection.ts';
import { useConnection } from '../../client/hooks.ts';

export interface Counted {
  matches: number;
  /** Lines looked at. */
  lines: number;
  done: boolean;
}

/** How many kept lines match, counted over all of them, newest first; told as it goes. Null when nothing is searched. */
export function useLogCount(filter: LogFilter): Counted | null {
  const { generation } = useConnection();
  const [counted, setCounted] = useState<Counted | null>(null);
  const key = JSON.stringify(filter);
  useEffect(() => {
    const asked = JSON.parse(key) as LogFilter;
    setCounted(null);
    if (!asked.find || generation === 0) return;
    const controller = new AbortController();
    const { signal } = controller;
    const run = async () => {
      let so: Counted = { matches: 0, lines: 0, done: false };
      for (let before: number | undefined; !so.done; ) {
        const part = await client.logs.count({ ...asked, before }, { signal });
        if (signal.aborted) return;
        so = { matches: so.matches + part.count, lines: so.lines + part.lines, done: part.done };
        before = part.lookedTo;
        setCounted(so);
      }
    };
    // The page that fails beside it says why.
    run().catch(() => {});
    return () => controller.abort();
  }, [key, generation]);
  return counted;
}
