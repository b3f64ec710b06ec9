/** Tells listeners that something happened; expects no answer (style.md rule 5: calls drive, events tell). */
export interface Announcer<T> {
  tell(value: T): void;
  /** @returns the function that ends the listening */
  listen(listener: (value: T) => void): () => void;
  /** Everything told from now until `signal` aborts. At most `limit` values wait; older ones are dropped. */
  stream(signal: AbortSignal | undefined, limit?: number): AsyncGenerator<T, void, undefined>;
}

export function createAnnouncer<T>(): Announcer<T> {
  const listeners = new Set<(value: T) => void>();
  const listen = (listener: (value: T) => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return {
    tell: value => {
      for (const listener of [...listeners]) listener(value);
    },
    listen,
    async *stream(signal, limit = 1000) {
      const waiting: T[] = [];
      let wake = () => {};
      const stop = listen(value => {
        waiting.push(value);
        if (waiting.length > limit) waiting.shift();
        wake();
      });
      const aborted = () => wake();
      signal?.addEventListener('abort', aborted);
      try {
        while (!signal?.aborted) {
          const value = waiting.shift();
          if (value !== undefined) yield value;
          else await new Promise<void>(resolve => (wake = resolve));
        }
      } finally {
        stop();
        signal?.removeEventListener('abort', aborted);
      }
    },
  };
}
