import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { linesOf } from './log-lines.ts';
import { within } from './problems.ts';

/** A line as the engine kept it. */
export interface StampedLine {
  stream: 'stdout' | 'stderr';
  /** To the nanosecond, always of the same length: stamps compare as texts. */
  stamp: string;
  text: string;
}

/** Where to begin: behind the line of this stamp, or with so many of the last lines. */
export type From = { after: string } | { at: number } | { last: number };

interface Order {
  docker: Docker;
  address: string;
  id: string;
  from: From;
  line: (line: StampedLine) => void;
  signal: AbortSignal;
}

const stamped = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(?:Z|[+-]\d\d:\d\d)) ?/;
const seconds = 60;

/** Reads the log of a container from somewhere in it until it ends. @throws DOCKER_UNREACHABLE, DOCKER_REFUSED */
export async function followLog({ docker, address, id, from, line, signal }: Order): Promise<void> {
  const container = docker.getContainer(id);
  const { Config: config } = await within(container.inspect(), seconds, 'look at the container', address);
  const asked = container.logs({
    follow: true,
    stdout: true,
    stderr: true,
    timestamps: true,
    ...('last' in from ? { tail: from.last } : { since: sinceOf(from) as unknown as number }),
    abortSignal: signal,
  });
  const stream = (await within(asked, seconds, 'read the log', address)) as unknown as Readable;
  const tell = (of: StampedLine['stream']) =>
    linesOf(text => {
      const stamp = stamped.exec(text)?.[1];
      if (stamp) line({ stream: of, stamp, text: text.slice(stamp.length + 1) });
    });
  const [out, err] = [tell('stdout'), tell('stderr')];
  // A terminal has one stream, and the engine heads nothing then.
  if (config.Tty) stream.pipe(out, { end: false });
  else docker.modem.demuxStream(stream, out, err);
  await new Promise<void>(resolve => {
    stream.once('end', resolve);
    stream.once('close', resolve);
    stream.once('error', () => resolve());
  });
  await Promise.all([out, err].map(end => new Promise<void>(resolve => end.end(() => resolve()))));
}

/** The engine takes seconds with a fraction. */
function sinceOf(from: { after: string } | { at: number }): string {
  if ('at' in from) return (from.at / 1000).toFixed(3);
  return `${Math.floor(Date.parse(from.after) / 1000)}.${from.after.slice(20, 29)}`;
}
