import type { JournalEntry, JournalEvent } from '../../../shared/schemas/studies.ts';
import { journalEventSchema } from '../../../shared/schemas/studies.ts';
import type { Db } from '../store/index.ts';

/** What happened to each study, in order, for ever. */
export interface Journal {
  /** Also inside an open transaction: the entry stands and falls with what it tells of. `data` holds no patient data. */
  write(studyInstanceUid: string, event: JournalEvent, data: Record<string, unknown>): void;
  list(query: { studyInstanceUid: string; limit: number; offset: number }): { items: JournalEntry[]; total: number };
}

interface Row {
  id: number;
  at: number;
  event: string;
  data: string;
}

export function createJournal({ db }: { db: Db }): Journal {
  const insert = db.prepare<[string, number, string, string]>(
    'INSERT INTO journal (study_instance_uid, at, event, data) VALUES (?, ?, ?, ?)',
  );
  const page = db.prepare<[string, number, number], Row>(
    'SELECT id, at, event, data FROM journal WHERE study_instance_uid = ? ORDER BY id LIMIT ? OFFSET ?',
  );
  const count = db.prepare<[string], { n: number }>('SELECT count(*) AS n FROM journal WHERE study_instance_uid = ?');
  return {
    write: (study, event, data) => void insert.run(study, Date.now(), event, JSON.stringify(data)),
    list: ({ studyInstanceUid, limit, offset }) => ({
      items: page.all(studyInstanceUid, limit, offset).map(toEntry),
      total: count.get(studyInstanceUid)?.n ?? 0,
    }),
  };
}

function toEntry(row: Row): JournalEntry {
  const event = journalEventSchema.parse(row.event);
  const data = JSON.parse(row.data) as Record<string, unknown>;
  return { id: row.id, at: row.at, event, data, text: words[event](data) };
}

type Words = (data: Record<string, unknown>) => string;
const megabytes = (bytes: unknown) => `${(Number(bytes) / 1e6).toFixed(1)} MB`;
const plural = (count: unknown, word: string) => `${count} ${word}${Number(count) === 1 ? '' : 's'}`;

const words: Record<JournalEvent, Words> = {
  received: d =>
    `Received ${plural(d.instances, 'instance')} (${megabytes(d.bytes)}) ${d.host ? `from ${d.callingAe} at ${d.host}` : 'by import'}`,
  duplicate: d => `${plural(d.instances, 'instance')} came again with the same bytes`,
  conflict: d => `${d.sopInstanceUid} came again with other bytes: kept as version ${d.version}`,
  incomplete: d =>
    `The association did not end with a release (${d.outcome}${d.reason ? `: ${d.reason}` : ''}); what was acknowledged is kept`,
  recovered: d =>
    `Found ${plural(d.instances, 'stored instance')} without an index row after a crash, and indexed them`,
  matched: d => `${d.flow} matched batch ${d.batchId}: run ${d.runId}`,
  asked: d => `${d.flow} was asked for by hand: run ${d.runId}`,
  'not-matched': d => `${d.flow} did not match batch ${d.batchId}`,
  'run-started': d => `Run ${d.runId} of ${d.flow} started${Number(d.attempt) > 1 ? ` (attempt ${d.attempt})` : ''}`,
  'step-ended': d =>
    `Run ${d.runId}, step ${Number(d.step) + 1}: ${d.state}${d.exitCode === null || d.exitCode === undefined ? '' : `, exit code ${d.exitCode}`}`,
  ran: d => `Run ${d.runId} finished its steps`,
  failed: d => `Run ${d.runId} failed: ${d.problem}`,
  cancelled: d => `Run ${d.runId} was cancelled`,
  delivered: d =>
    `Run ${d.runId}: ${Number(d.deliveries ?? 0) > 0 ? `${plural(d.deliveries, 'delivery').replace('deliverys', 'deliveries')} confirmed` : 'nothing to deliver'}`,
  'delivery-failed': d =>
    `Run ${d.runId}: ${d.unconfirmed} of ${d.total} deliveries to ${d.destination} are not confirmed`,
  deleted: d => `Deleted at the console: ${plural(d.instances, 'instance')} (${megabytes(d.bytes)})`,
  'files-removed': d =>
    `Retention removed ${plural(d.instances ?? 0, 'instance')}${d.runId ? ` of run ${d.runId}` : ''}`,
};
