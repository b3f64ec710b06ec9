import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Real engines, peers and disks: two files at a time, and time enough for a loaded machine. */
export default defineConfig({
  root: resolve(import.meta.dirname, '..'),
  test: {
    include: ['test/**/*.test.ts'],
    environment: 'node',
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
  },
});
