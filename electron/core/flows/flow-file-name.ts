import { realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { AppError } from '../../../shared/problems.ts';

const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Whether this can be the name of a flow file: relative, forward slashes, no hidden parts, `.yml` or `.yaml`. */
export function isFlowFileName(file: string): boolean {
  if (file.length > 200 || !/\.ya?ml$/i.test(file)) return false;
  const parts = file.split('/');
  return parts.length <= 8 && parts.every(isPart);
}

// Windows forbids these signs in names, and blanks or a dot at the end; the same files must work everywhere.
const isPart = (part: string): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  /^[^\\:*?"<>|\u0000-\u001f\u007f]+$/.test(part) && !/^[. ]|[. ]$/.test(part) && !reserved.test(part);

/**
 * The absolute path of a flow file.
 *
 * @throws FLOW_FILE_NAME_INVALID for a name that is none, or one that a link leads out of the directory
 */
export function flowFilePath(directory: string, file: string): string {
  if (!isFlowFileName(file)) throw new AppError('FLOW_FILE_NAME_INVALID', { file });
  const path = join(directory, ...file.split('/'));
  if (!isInside(directory, dirname(path)) || !isInside(directory, path))
    throw new AppError('FLOW_FILE_NAME_INVALID', { file });
  return path;
}

/** Whether a path, links followed, is in the directory. What is not there yet is judged by the folder it would be in. */
export function isInside(directory: string, path: string): boolean {
  const root = real(directory);
  if (root === null) return true;
  for (let at = path; at.length >= directory.length; at = dirname(at)) {
    const found = real(at);
    if (found !== null) return found === root || found.startsWith(root + sep);
  }
  return true;
}

function real(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
