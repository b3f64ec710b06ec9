/** How quick something is of late, from counters looked at now and then. */
export interface Rate {
  look(at: number, count: number): void;
  perSecond(): number;
}

/** A rate forgets what was before about this long. */
const memoryMs = 5000;

export function createRate(startedAt: number): Rate {
  let last = { at: startedAt, count: 0 };
  let rate = 0;
  let known = false;
  return {
    look(at, count) {
      const passed = at - last.at;
      if (passed <= 0) return;
      const now = (Math.max(0, count - last.count) * 1000) / passed;
      const weight = known ? 1 - Math.exp(-passed / memoryMs) : 1;
      rate += (now - rate) * weight;
      known = true;
      last = { at, count };
    },
    perSecond: () => rate,
  };
}
