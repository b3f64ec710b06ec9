import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { AppError } from '../../shared/problems.ts';
import { lockFile } from '../core/store/index.ts';

/** Where this user's Gantry keeps its data when nothing is said. */
export function defaultDataDirectory(environment: NodeJS.ProcessEnv, platform = process.platform): string {
  if (platform === 'win32') return join(environment.LOCALAPPDATA ?? homedir(), 'Gantry');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Gantry');
  return join(environment.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'gantry');
}

/**
 * Makes the directory and takes it for this process alone. The lock is one on an open file, which the system lets go of
 * however the process ends.
 *
 * @throws DATA_DIR_UNWRITABLE, DATA_DIR_IN_USE
 */
export function takeDataDirectory(directory: string): { path: string; release(): void } {
  const path = resolve(directory);
  const pidFile = join(path, 'gantry.pid');
  let unlock: (() => void) | null;
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.W_OK | constants.X_OK);
    unlock = lockFile(join(path, 'gantry.lock'));
    if (unlock) writeFileSync(pidFile, String(process.pid));
  } catch (cause) {
    throw new AppError('DATA_DIR_UNWRITABLE', { path, reason: (cause as Error).message }, { cause });
  }
  if (!unlock) throw new AppError('DATA_DIR_IN_USE', { path, pid: pidOf(pidFile) });
  return { path, release: unlock };
}

function pidOf(file: string): number {
  try {
    return Number.parseInt(readFileSync(file, 'utf8'), 10) || 0;
  } catch {
    return 0;
  }
}
