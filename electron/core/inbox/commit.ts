import type { AssociationInfo } from '../dicom/index.ts';
import { type Db, transaction } from '../store/index.ts';
import { type AssociationTable, countsOf } from '../store/tables/associations.ts';
import type { InstanceTable, LandedRow, NewInstance } from '../store/tables/instances.ts';
import type { LandedInstance } from './inbox.ts';

/** An object whose file and name are durable, and that waits for its row. */
export interface Finished {
  instance: NewInstance;
  association: AssociationInfo;
}

/**
 * Commits groups: whatever finished in the same turn of the event loop shares one transaction. Alone, an object is
 * committed at once.
 */
export interface Committer {
  /** Rejects when there is no row: the object must not be acknowledged. */
  commit(finished: Finished): Promise<LandedRow>;
}

interface Needs {
  db: Db;
  instances: InstanceTable;
  associations: AssociationTable;
  landed(instances: LandedInstance[], association: AssociationInfo): void;
}

type Waiting = Finished & { resolve(row: LandedRow): void; reject(error: unknown): void };

export function createCommitter({ db, instances, associations, landed }: Needs): Committer {
  let waiting: Waiting[] = [];

  function commitAll() {
    const group = waiting;
    waiting = [];
    try {
      const rows = transaction(db, () => write(group));
      for (const [index, item] of group.entries()) item.resolve(rows[index] as LandedRow);
    } catch (error) {
      for (const item of group) item.reject(error);
    }
  }

  function write(group: Waiting[]): LandedRow[] {
    const rows = group.map(item => instances.land(item.instance));
    const byAssociation = Map.groupBy(group.keys(), index => (group[index] as Waiting).association.id);
    for (const indexes of byAssociation.values()) {
      const association = (group[indexes[0] as number] as Waiting).association;
      const news = indexes.map(index => {
        const { instance } = group[index] as Waiting;
        const row = rows[index] as LandedRow;
        associations.count(association.id, countsOf(row.outcome, instance.bytes));
        return landedInstance(instance, row);
      });
      landed(news, association);
    }
    return rows;
  }

  return {
    commit: finished =>
      new Promise((resolve, reject) => {
        waiting.push({ ...finished, resolve, reject });
        if (waiting.length === 1) setImmediate(commitAll);
      }),
  };
}

export function landedInstance(instance: NewInstance, { id, path, outcome }: LandedRow): LandedInstance {
  const { sopInstanceUid, sopClassUid, transferSyntaxUid, studyInstanceUid, seriesInstanceUid, bytes, associationId } =
    instance;
  return {
    id,
    sopInstanceUid,
    sopClassUid,
    transferSyntaxUid,
    studyInstanceUid,
    seriesInstanceUid,
    path,
    bytes,
    associationId,
    outcome,
  };
}
