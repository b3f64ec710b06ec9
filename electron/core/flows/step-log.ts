import { createReadStream, createWriteStream, mkdirSync, statSync, type WriteStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { type LogLine, logLineSchema } from '../../../shared/schemas/runs.ts';

/** Container output of a run: one file of JSON lines for each step, `logs/N.ndjson` below the run's folder. */
export interface StepLog {
  write(stream: LogLine['stream'], line: string): void;
  close(): Promise<void>;
}

/** Sequence numbers grow through the whole run: the step's position in front, its line number behind. */
const perStep = 1_000_000_000;
const fileOf = (runDirectory: string, position: number) => join(runDirectory, 'logs', `${position}.ndjson`);

/** Begins the log of a step anew: a step that is run again or adopted tells its output from the start. */
export function openStepLog(runDirectory: string, position: number, told: (line: LogLine) => void): StepLog {
  const path = fileOf(runDirectory, position);
  mkdirSync(dirname(path), { recursive: true });
  const file: WriteStream = createWriteStream(path, { flags: 'w' });
  // A full disk must not end the process; the step itself will say that it cannot write its output.
  file.on('error', () => {});
  let count = 0;
  return {
    write(stream, line) {
      const item: LogLine = { seq: position * perStep + ++count, at: Date.now(), step: position, stream, line };
      file.write(`${JSON.stringify(item)}\n`);
      told(item);
    },
    close: () => new Promise(resolve => file.end(() => resolve())),
  };
}

async function positions(runDirectory: string): Promise<number[]> {
  const names = await readdir(join(runDirectory, 'logs')).catch(() => []);
  return names
    .map(name => Number.parseInt(name, 10))
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
}

async function* linesOf(path: string, start = 0): AsyncGenerator<LogLine> {
  const lines = createInterface({
    input: createReadStream(path, { start, encoding: 'utf8' }),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  let first = start > 0;
  for await (const text of lines) {
    // Reading from the middle of a file begins in the middle of a line.
    if (first) {
      first = false;
      continue;
    }
    const line = parseLine(text);
    if (line) yield line;
  }
}

/** The last line of a step that died with the process may be cut. */
function parseLine(text: string): LogLine | null {
  try {
    return logLineSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** @returns lines `offset` to `offset + limit` of the run, or of one step, and how many there are */
export async function readStepLog(
  runDirectory: string,
  query: { step?: number; limit: number; offset: number },
): Promise<{ items: LogLine[]; total: number }> {
  const items: LogLine[] = [];
  let total = 0;
  for (const position of await positions(runDirectory)) {
    if (query.step !== undefined && query.step !== position) continue;
    for await (const line of linesOf(fileOf(runDirectory, position))) {
      if (total >= query.offset && items.length < query.limit) items.push(line);
      total++;
    }
  }
  return { items, total };
}

/** @returns the newest lines of the run, at most `limit`, in order; reads only the ends of the files */
export async function tailStepLog(runDirectory: string, limit: number): Promise<LogLine[]> {
  const tailBytes = 512 * 1024;
  let items: LogLine[] = [];
  for (const position of (await positions(runDirectory)).reverse()) {
    const path = fileOf(runDirectory, position);
    const start = Math.max(0, statSync(path).size - tailBytes);
    const lines: LogLine[] = [];
    for await (const line of linesOf(path, start)) lines.push(line);
    items = [...lines, ...items].slice(-limit);
    if (items.length >= limit) break;
  }
  return items;
}
