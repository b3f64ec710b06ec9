import type { LogFilter, LogRecord } from '../../../shared/schemas/logs.ts';
import { client } from '../../client/connection.ts';
import { withoutAnsi } from '../../ui/ansi.ts';

/** Downloads all kept lines of a filter as a text file, piece by piece: the browser keeps large ones on the disk. */
export async function downloadLines(
  filter: LogFilter,
  told: (lines: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const pieces: Blob[] = [];
  let lines = 0;
  for (let after = 0; ; ) {
    const piece = await client.logs.text({ ...filter, after }, { signal });
    signal.throwIfAborted();
    pieces.push(new Blob([piece.text]));
    lines += piece.text.split('\n').length - 1;
    told(lines);
    if (piece.done) break;
    after = piece.lookedTo;
  }
  const address = URL.createObjectURL(new Blob(pieces, { type: 'text/plain;charset=utf-8' }));
  const anchor = document.createElement('a');
  anchor.href = address;
  anchor.download = `gantry-log-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.txt`;
  anchor.click();
  // Revoked at once, a large file would not have begun yet.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** As the download writes them, without colours. */
export const asText = (lines: readonly LogRecord[]) =>
  lines
    .map(
      ({ at, source, stream, level, text }) =>
        `${new Date(at).toISOString()} ${source} ${stream} ${level} ${withoutAnsi(text)}\n`,
    )
    .join('');
