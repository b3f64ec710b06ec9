import { statfsSync } from 'node:fs';
import type { Settings } from '../settings/index.ts';

export interface FreeSpace {
  freeBytes: number;
  totalBytes: number;
  /** Below this nothing is received. */
  limitBytes: number;
}

/** Disk space below DATA, looked at once a second at most. */
export interface Disk {
  space(): FreeSpace;
  limitBytes(totalBytes: number): number;
  /** So many bytes are on their way to the disk. */
  reserve(bytes: number): void;
  isLow(): boolean;
}

const lookMs = 1000;

export function createDisk(dataDirectory: string, settings: Pick<Settings, 'get'>): Disk {
  let lookedAt = 0;
  let seen = { freeBytes: 0, totalBytes: 0 };
  /** Bytes that objects have brought since the last look: the disk may not have them yet. */
  let since = 0;

  const limitBytes = (totalBytes: number) =>
    Math.min(settings.get('MIN_FREE_BYTES'), (totalBytes * settings.get('MIN_FREE_PERCENT')) / 100);

  function space(): FreeSpace {
    const now = performance.now();
    if (lookedAt === 0 || now - lookedAt > lookMs) {
      const { bavail, bsize, blocks } = statfsSync(dataDirectory);
      seen = { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
      lookedAt = now;
      since = 0;
    }
    return { freeBytes: seen.freeBytes - since, totalBytes: seen.totalBytes, limitBytes: limitBytes(seen.totalBytes) };
  }

  return {
    space,
    limitBytes,
    reserve(bytes) {
      since += bytes;
    },
    isLow() {
      const { freeBytes, limitBytes: limit } = space();
      return freeBytes < limit;
    },
  };
}
