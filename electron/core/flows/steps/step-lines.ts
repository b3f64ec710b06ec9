import type { Containers } from '../../docker/index.ts';
import type { StepOrder } from './step.ts';

type Stream = 'stdout' | 'stderr';
const streams: Stream[] = ['stdout', 'stderr'];

/** The lines of a container as they come, and the last of them for the words of a failure. */
export interface StepLines {
  tell(stream: Stream, text: string): void;
  /**
   * Tells what was not told: the engine may end a followed log before the last line, most often one without a line feed,
   * has come. Of a container that has ended the log is whole.
   */
  complete(containers: Containers, id: string): Promise<void>;
  last(): string[];
}

export function createStepLines(order: Pick<StepOrder, 'line'>, count: number): StepLines {
  const last: string[] = [];
  const seen: Record<Stream, string[]> = { stdout: [], stderr: [] };
  const keep = (list: string[], text: string) => {
    list.push(text);
    if (list.length > count) list.shift();
  };
  const tell = (stream: Stream, text: string) => {
    keep(last, text);
    keep(seen[stream], text);
    order.line(stream, text);
  };
  return {
    tell,
    last: () => last,
    async complete(containers, id) {
      const whole = await Promise.all(streams.map(stream => containers.tail(id, stream, count)));
      for (const [index, stream] of streams.entries()) {
        for (const text of missed(seen[stream], whole[index] as string[])) tell(stream, text);
      }
    },
  };
}

/** What stands in `whole` behind the lines that were seen; nothing where the two have nothing in common. */
export function missed(seen: readonly string[], whole: readonly string[]): string[] {
  if (seen.every((text, index) => text === whole[index])) return whole.slice(seen.length);
  for (let more = 0; more < whole.length; more++) {
    const common = whole.slice(0, whole.length - more);
    const end = seen.slice(-common.length);
    if (end.length > 0 && common.slice(-end.length).every((text, index) => text === end[index]))
      return whole.slice(whole.length - more);
  }
  return [];
}
