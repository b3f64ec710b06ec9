import { join } from 'node:path';
import { AppError, type Problem, problemOf } from '../../../../shared/problems.ts';
import type { Peers, Sender, SendFile, SendResult } from '../../dicom/index.ts';
import type { LogHub } from '../../logs/index.ts';
import { targetOf } from './destination.ts';
import { copyToFolder } from './folder.ts';
import type { Results } from './results.ts';
import type { DeliveryRow } from './rows.ts';

/** How a trip went: back with all it tried, stopped by us, or turned back by a problem of the destination itself. */
export type TripEnd = { kind: 'done' } | { kind: 'stopped' } | { kind: 'failed'; problem: Problem; confirmed: number };

interface Order {
  destination: string;
  /** Of one run, at least one. */
  rows: DeliveryRow[];
  /** One association only: the destination failed before. */
  probe: boolean;
  signal: AbortSignal;
}

interface Needs {
  dataDirectory: string;
  sender: Sender;
  peers: Pick<Peers, 'get'>;
  results: Results;
  log: LogHub;
  changed: (runId: number) => void;
}

/** Results wait at most this long, or this many, for their transaction. */
const keepMs = 250;
const keepRows = 50;

/** Takes rows of one run to one destination, and keeps each result as it comes. */
export function createTrips({ dataDirectory, sender, peers, results, log, changed }: Needs) {
  return async function travel({ destination, rows, probe, signal }: Order): Promise<TripEnd> {
    const runId = rows[0]?.run_id ?? 0;
    const untried = new Set(rows);
    let kept: [DeliveryRow, SendResult][] = [];
    let confirmed = 0;
    let timer: NodeJS.Timeout | undefined;
    const flush = () => {
      clearTimeout(timer);
      timer = undefined;
      if (kept.length === 0) return;
      const some = kept;
      kept = [];
      results.keep(some);
      changed(runId);
    };
    const keep = (row: DeliveryRow, result: SendResult) => {
      untried.delete(row);
      kept.push([row, result]);
      if (result.confirmed) confirmed++;
      if (kept.length >= keepRows) flush();
      else timer ??= setTimeout(keptLongEnough, keepMs);
    };
    const keptLongEnough = () => {
      try {
        flush();
      } catch (error) {
        // What could not be kept is sent again, which does no harm.
        log.error('delivery', `${destination}: results were not kept: ${error}`);
      }
    };

    async function toFolder(path: string): Promise<void> {
      for (const row of rows) {
        signal.throwIfAborted();
        const file = join(dataDirectory, row.file);
        const problem = await copyToFolder({ file, folder: path, sopInstanceUid: row.sop_instance_uid, signal }).then(
          () => null,
          unreadableFile,
        );
        keep(row, { status: null, confirmed: !problem, problem });
      }
    }

    try {
      const target = targetOf(destination, { peers, dataDirectory });
      if (target.kind === 'folder') await toFolder(target.path);
      else {
        const rowOf = new Map<SendFile, DeliveryRow>(rows.map(row => [toSendFile(row, dataDirectory), row]));
        await sender.send({
          peer: target.endpoint,
          files: [...rowOf.keys()],
          ...(probe ? { associations: 1 } : {}),
          signal,
          result: (file, result) => keep(rowOf.get(file) as DeliveryRow, result),
        });
      }
      flush();
      const level = confirmed === rows.length ? 'info' : 'warn';
      log.write(level, `delivery ${runId}`, `${destination}: ${confirmed} of ${rows.length} instances confirmed`);
      return { kind: 'done' };
    } catch (error) {
      // Confirmed is confirmed, whatever happened to the association after that.
      flush();
      if (signal.aborted) return { kind: 'stopped' };
      const problem = problemOf(error, `run-${runId}`);
      if (!(error instanceof AppError))
        log.error('delivery', `${destination}: ${error instanceof Error ? error.stack : error}`);
      const left = [...untried];
      // One instance on which the peer falls over must not use up the attempts of those behind it.
      if (left.length < rows.length) results.postpone(left, problem);
      else results.keep(left.map(row => [row, { status: null, confirmed: false, problem }]));
      changed(runId);
      return { kind: 'failed', problem, confirmed };
    }
  };
}

const toSendFile = (row: DeliveryRow, dataDirectory: string): SendFile => ({
  file: join(dataDirectory, row.file),
  sopClassUid: row.sop_class_uid,
  sopInstanceUid: row.sop_instance_uid,
  transferSyntaxUid: row.transfer_syntax_uid,
});

/** A problem of one file leaves the others their way. */
function unreadableFile(error: unknown): Problem {
  if (error instanceof AppError && error.code === 'FILE_UNREADABLE') return error.problem;
  throw error;
}
