/** Random numbers of a seed, the same in every run (mulberry32). */
export interface Random {
  seed: number;
  /** From 0 to `limit - 1`. */
  below(limit: number): number;
  bytes(length: number): Buffer;
}

export function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return { seed, below, bytes: length => Buffer.from(Array.from({ length }, () => below(256))) };
}
