import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { AppError } from '../../shared/problems.ts';
import type { LogHub } from '../core/logs/index.ts';

const tokenBytes = 32;

/** The token of the door: what the file holds, or a new one, kept in the file for its owner alone. @throws OPTION_INVALID */
export function readToken(file: string | null, log: Pick<LogHub, 'warn'>): string {
  if (file === null) return randomBytes(tokenBytes).toString('base64url');
  try {
    const token = readFileSync(file, 'utf8').trim();
    if (/^[A-Za-z0-9_-]{16,}$/.test(token)) {
      const others = process.platform === 'win32' ? 0 : statSync(file).mode & 0o077;
      if (others) log.warn('http', `other users can read the token file ${file}: give it mode 0600`);
      return token;
    }
    throw new AppError('OPTION_INVALID', {
      option: '--token-file',
      value: file,
      expected: 'a file with at least 16 letters, digits, - or _',
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unreadable(error, file);
  }
  const token = randomBytes(tokenBytes).toString('base64url');
  try {
    writeFileSync(file, `${token}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw unreadable(error, file);
  }
  return token;
}

const unreadable = (cause: unknown, file: string) =>
  cause instanceof AppError
    ? cause
    : new AppError(
        'OPTION_INVALID',
        { option: '--token-file', value: file, expected: 'a file that Gantry can read or create' },
        { cause },
      );

/** Takes as long for a wrong token as for the right one. */
export function isToken(given: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given ?? ''), digest(token)) && given !== undefined;
}
