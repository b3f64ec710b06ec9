import type { Kept } from './segments.ts';

/** The newest lines in memory, bounded in number and in characters. */
export interface RecentLines {
  add(line: Kept): void;
  /** Lines after `seq`, oldest first. */
  after(seq: number): Kept[];
  /** Number of the first line that is here; one past the newest when there is none. */
  first(): number;
}

export function createRecentLines({ lines: most, characters: mostCharacters }: { lines: number; characters: number }) {
  let ring: Kept[] = [];
  let head = 0;
  let characters = 0;
  let last = 0;
  const recent: RecentLines = {
    add(line) {
      ring.push(line);
      last = line.seq;
      characters += line.text.length;
      while (ring.length - head > most || (characters > mostCharacters && ring.length - head > 1)) {
        characters -= (ring[head] as Kept).text.length;
        head++;
      }
      if (head > most) {
        ring = ring.slice(head);
        head = 0;
      }
    },
    after(seq) {
      // Numbers have no holes: the place follows from the number.
      const first = ring[head]?.seq ?? 0;
      return ring.slice(head + Math.max(0, seq + 1 - first));
    },
    first: () => ring[head]?.seq ?? last + 1,
  };
  return recent;
}
