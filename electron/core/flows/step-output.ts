import type { LogLine } from '../../../shared/schemas/runs.ts';
import { type LogHub, levelInText } from '../logs/index.ts';
import type { Db } from '../store/index.ts';

/** One container of a step, as it is told now. */
interface Told {
  key: string;
  /** Lines of it so far. */
  lines: number;
  /** Of the run's own log, which begins anew with every container and every adoption. */
  seq: number;
}

/** Steps whose lines may still come; those before them have ended long ago. */
const mostOpen = 1000;

/**
 * Takes what steps write into the one log. A container that is taken up again tells its lines from the start: each has its
 * place among the lines of its container, so that the log leaves out those it has.
 */
export function createStepOutput({ db, log }: { db: Db; log: LogHub }): (runId: number, line: LogLine) => void {
  const containerOf = db.prepare<[number, number], { container_id: string | null }>(
    'SELECT container_id FROM steps WHERE run_id = ? AND position = ?',
  );
  const open = new Map<string, Told>();
  return (runId, { seq, at, step, stream, line: text }) => {
    const of = `run/${runId}/${step}`;
    let told = open.get(of);
    if (told && seq <= told.seq) {
      open.delete(of);
      told = undefined;
    }
    if (stream === 'gantry') return log.info(`run ${runId}`, text);
    if (!told) {
      const container = containerOf.get(runId, step)?.container_id?.slice(0, 12) ?? '';
      told = { key: `${of}/${container}`, lines: 0, seq };
      open.set(of, told);
      if (open.size > mostOpen) open.delete(open.keys().next().value as string);
    }
    told.seq = seq;
    told.lines++;
    const source = { key: told.key, name: `run ${runId} step ${step + 1}` };
    log.output({ at, source, level: levelInText(text), stream, text, place: told.lines });
  };
}
