import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { FlowProblem } from '../../../shared/schemas/flows.ts';
import { isFlowFileName, isInside } from './flow-file-name.ts';

/** A flow file's text; the same object as long as the file did not change. */
export interface FoundFile {
  file: string;
  text: string;
  /** Why there is no text. */
  problem: FlowProblem | null;
}

interface Known {
  found: FoundFile;
  identity: string;
  /** The clock of the file system may tick too slowly to tell a second change: such a file is read again. */
  fresh: boolean;
}

const limits = { files: 2000, bytes: 4_000_000, depth: 8 };
const tickMs = 100;

/** Looks at the flow files of a directory; reads only those that changed since the last look. */
export function createFlowFolder(directory: string): { look(): FoundFile[] } {
  let known = new Map<string, Known>();

  function visit(folder: string, prefix: string, depth: number, into: string[]): void {
    for (const entry of entriesOf(folder)) {
      if (into.length >= limits.files) return;
      // Hidden names are editors' and our own half-written files.
      if (entry.name.startsWith('.')) continue;
      const file = prefix + entry.name;
      if (entry.isDirectory() && depth < limits.depth) visit(join(folder, entry.name), `${file}/`, depth + 1, into);
      else if (isFlowFileName(file) && !entry.isDirectory()) into.push(file);
    }
  }

  function read(file: string): Known | null {
    const path = join(directory, file);
    const before = known.get(file);
    try {
      const { ino, size, mtimeNs, ctimeNs, mtimeMs } = statSync(path, { bigint: true });
      const identity = `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
      if (before && !before.fresh && before.identity === identity) return before;
      const fresh = Math.abs(Date.now() - Number(mtimeMs)) < tickMs;
      const found = content(path, file, size);
      const same = before?.found.text === found.text && before.found.problem?.what === found.problem?.what;
      return { found: same && before ? before.found : found, identity, fresh };
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
      // Removed between the two looks.
      if (code === 'ENOENT') return null;
      const what = `The file cannot be read: ${code}`;
      if (before?.found.problem?.what === what) return before;
      return { found: refused(file, what, 'Give Gantry the right to read it.'), identity: '', fresh: true };
    }
  }

  function content(path: string, file: string, size: bigint): FoundFile {
    if (!isInside(directory, path))
      return refused(file, 'The file is a link to outside the flows directory', 'Put the file itself there.');
    if (size > limits.bytes)
      return refused(file, `The file has ${size} bytes, too many for a flow`, 'Shorten the file.');
    const bytes = readFileSync(path);
    try {
      return { file, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), problem: null };
    } catch {
      return refused(file, 'The file is not UTF-8 text', 'Save the file in the encoding UTF-8.');
    }
  }

  return {
    look() {
      const files: string[] = [];
      visit(directory, '', 1, files);
      const next = new Map<string, Known>();
      for (const file of files.sort()) {
        const seen = read(file);
        if (seen) next.set(file, seen);
      }
      known = next;
      return [...next.values()].map(item => item.found);
    },
  };
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function refused(file: string, what: string, remedy: string): FoundFile {
  return { file, text: '', problem: { severity: 'error', line: 1, column: 1, path: '', what, remedy } };
}
