import type { Findings } from './findings.ts';
import { refuse, type Spot } from './spot.ts';

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Seconds as a number, or `90s`, `30m`, `2h`, `1h30m`. @returns milliseconds */
export function durationOf(
  spot: Spot,
  range: { minMs: number; maxMs: number },
  findings: Findings,
): number | undefined {
  const expected = 'a time such as 1800, 60s, 30m or 2h';
  if (spot.tree.kind !== 'scalar' || typeof spot.tree.value === 'boolean') return refuse(spot, expected, findings);
  const milliseconds = parse(spot.tree.text.trim());
  if (milliseconds === null) return refuse(spot, expected, findings);
  if (milliseconds < range.minMs || milliseconds > range.maxMs) {
    return refuse(spot, `a time from ${words(range.minMs)} to ${words(range.maxMs)}`, findings);
  }
  return milliseconds;
}

function parse(text: string): number | null {
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  if (!/^(\d+(\.\d+)?\s*(ms|s|m|h|d)\s*)+$/i.test(text)) return null;
  let sum = 0;
  for (const [, amount, unit] of text.toLowerCase().matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)/g)) {
    sum += Number(amount) * units[unit as keyof typeof units];
  }
  return Math.round(sum);
}

function words(milliseconds: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (milliseconds >= units[unit] && milliseconds % units[unit] === 0) return `${milliseconds / units[unit]}${unit}`;
  }
  return `${milliseconds}ms`;
}
