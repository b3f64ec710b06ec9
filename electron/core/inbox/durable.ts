import { closeSync, fsync, fsyncSync, openSync } from 'node:fs';

/** Windows opens no directory, and NTFS keeps names by its own log: there is nothing to sync there. */
const directoriesSync = process.platform !== 'win32';

/** The content of an open file is on the disk when this settles. */
export function fileSync(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => fsync(descriptor, error => (error ? reject(error) : resolve())));
}

/** The names in a directory are on the disk when this returns. */
export function directorySyncNow(path: string): void {
  if (!directoriesSync) return;
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A directory that is synced often. */
export interface OpenDirectory {
  /** Makes every name durable that is in the directory now; calls while one sync runs share the next one. */
  sync(): Promise<void>;
  close(): void;
}

export function openDirectory(path: string): OpenDirectory {
  if (!directoriesSync) return { sync: () => Promise.resolve(), close: () => {} };
  const descriptor = openSync(path, 'r');
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let closing = false;
  const start = (): Promise<void> => {
    next = undefined;
    running = fileSync(descriptor).finally(() => {
      running = undefined;
      if (closing && !next) closeSync(descriptor);
    });
    return running;
  };
  return {
    sync() {
      if (!running) return start();
      // A sync covers what was there when it began, so whoever comes later waits for the one after it.
      next ??= running.then(start, start);
      return next;
    },
    close() {
      closing = true;
      if (!running) closeSync(descriptor);
    },
  };
}
