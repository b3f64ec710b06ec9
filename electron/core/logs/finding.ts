import { AppError } from '../../../shared/problems.ts';
import type { LogFilter } from '../../../shared/schemas/logs.ts';
import type { Finding } from './reader.ts';

/** @throws LOG_PATTERN_INVALID */
export function findingOf({ find, regex, matchCase }: LogFilter): Finding | null {
  if (!find) return null;
  const flags = matchCase ? '' : 'i';
  if (!regex) return { source: find.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), flags, literal: true };
  try {
    new RegExp(find, flags);
  } catch (error) {
    const reason = (error as Error).message.replace(/^Invalid regular expression: /, '');
    throw new AppError('LOG_PATTERN_INVALID', { reason }, { cause: error });
  }
  return { source: find, flags, literal: false };
}
