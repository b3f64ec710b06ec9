import type { Collect } from '../../../shared/schemas/batches.ts';
import { type Db, transaction } from '../store/index.ts';
import type { AssociationInfo, AssociationOutcome, LandedInstance } from './inbox.ts';

/**
 * The instances that flows consider together.
 *
 *   open ──association ended, or series/study quiet──> closed ──flows evaluated──> evaluated ──retention──> removed
 *
 * Open and closed survive a crash as rows: what was open is closed by time or by the end of its association.
 */
export interface Batches {
  /** Inside the index transaction of the inbox: every landed instance joins its batches. */
  landed(instances: LandedInstance[], association: AssociationInfo): void;
  /** Inside a transaction: the association's batch closes; anything but a release marks it incomplete. */
  ended(association: AssociationInfo, outcome: AssociationOutcome, reason: string | null): void;
  start(): void;
  stop(): void;
}

/** A way of collecting that some enabled flow asks for, besides one association. */
export interface QuietCollect {
  collect: Exclude<Collect, 'association'>;
  quietMs: number;
}

interface Needs {
  db: Db;
  /** Read for each group of landed instances, so that a changed flow counts from the next instance on. */
  quietCollects: () => QuietCollect[];
  /** Batches closed and wait for their verdicts. */
  closed: () => void;
  /** The journal room's writer; it stands above this room. */
  journal: { write(studyInstanceUid: string, event: 'received' | 'incomplete', data: Record<string, unknown>): void };
}

const tickMs = 250;
/** What was imported is considered by flows only where that was asked for. */
const isEvaluated = (association: AssociationInfo) => association.import?.evaluate !== false;

export function createBatches({ db, quietCollects, closed, journal }: Needs): Batches {
  const open = db.prepare<[string, string, number, string, string, string, number, number], { id: number }>(`
    INSERT INTO batches (collect, key, quiet_ms, calling_ae, called_ae, host, opened_at, last_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (collect, key, quiet_ms) WHERE state = 'open' DO UPDATE SET last_at = excluded.last_at
    RETURNING id`);
  const join = db.prepare<[number, number]>(
    'INSERT OR IGNORE INTO batch_instances (batch_id, instance_id) VALUES (?, ?)',
  );
  const grow = db.prepare<[number, number]>(
    'UPDATE batches SET instance_count = instance_count + 1, bytes = bytes + ? WHERE id = ?',
  );
  const joinStudy = db.prepare<[number, string, number]>(`
    INSERT INTO batch_studies (batch_id, study_instance_uid, instance_count, bytes) VALUES (?, ?, 1, ?)
    ON CONFLICT DO UPDATE SET instance_count = instance_count + 1, bytes = bytes + excluded.bytes`);
  const closeAssociation = db.prepare<[string, number, string | null, number, number | null, string]>(`
    UPDATE batches SET state = ?, complete = ?, reason = ?, closed_at = ?, evaluated_at = ?
    WHERE state = 'open' AND collect = 'association' AND key = ?`);
  const closeQuiet = db.prepare<[number, number]>(`
    UPDATE batches SET state = 'closed', closed_at = ?
    WHERE state = 'open' AND collect <> 'association' AND last_at + quiet_ms <= ?`);

  const keyOf = (collect: Collect, instance: LandedInstance) =>
    collect === 'association'
      ? String(instance.associationId)
      : collect === 'series'
        ? instance.seriesInstanceUid
        : instance.studyInstanceUid;

  const studiesOf = db.prepare<[string], { study_instance_uid: string; instance_count: number; bytes: number }>(`
    SELECT s.study_instance_uid, s.instance_count, s.bytes FROM batches b JOIN batch_studies s ON s.batch_id = b.id
    WHERE b.state = 'open' AND b.collect = 'association' AND b.key = ?`);

  let timer: NodeJS.Timeout | undefined;
  return {
    landed(instances, association) {
      const now = Date.now();
      const quiet = isEvaluated(association) ? quietCollects() : [];
      const collects = [{ collect: 'association' as Collect, quietMs: 0 }, ...quiet];
      for (const { collect, quietMs } of collects) {
        const ids = new Map<string, number>();
        for (const instance of instances) {
          const key = keyOf(collect, instance);
          let id = ids.get(key);
          if (id === undefined) {
            const { callingAe, calledAe, host } = association;
            id = open.get(collect, key, quietMs, callingAe, calledAe, host, now, now)?.id as number;
            ids.set(key, id);
          }
          if (join.run(id, instance.id).changes === 0) continue;
          grow.run(instance.bytes, id);
          joinStudy.run(id, instance.studyInstanceUid, instance.bytes);
        }
      }
    },
    ended(association, outcome, reason) {
      const complete = outcome === 'released' || outcome === 'imported';
      const { callingAe, calledAe, host } = association;
      for (const study of studiesOf.all(String(association.id))) {
        const { instance_count: instances, bytes } = study;
        const data = { associationId: association.id, callingAe, calledAe, host, instances, bytes };
        journal.write(study.study_instance_uid, 'received', data);
        if (!complete) journal.write(study.study_instance_uid, 'incomplete', { ...data, outcome, reason });
      }
      const now = Date.now();
      const waits = isEvaluated(association);
      const [state, evaluatedAt] = waits ? ['closed', null] : ['evaluated', now];
      const key = String(association.id);
      const { changes } = closeAssociation.run(
        state as string,
        complete ? 1 : 0,
        reason,
        now,
        evaluatedAt as number,
        key,
      );
      // The transaction around us has to commit before anybody reads the batch.
      if (changes > 0 && waits) setImmediate(closed);
    },
    start() {
      timer = setInterval(() => {
        const now = Date.now();
        if (transaction(db, () => closeQuiet.run(now, now)).changes > 0) closed();
      }, tickMs);
    },
    stop() {
      clearInterval(timer);
    },
  };
}
