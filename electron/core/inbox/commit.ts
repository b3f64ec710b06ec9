import { fsync } from 'node:fs';
import type { AssociationInfo } from '../dicom/index.ts';
import { type Db, transaction } from '../store/index.ts';
import { type AssociationTable, countsOf } from '../store/tables/associations.ts';
import type { InstanceTable, LandedRow, NewInstance } from '../store/tables/instances.ts';
import type { LandedInstance } from './inbox.ts';
import type { FinalDirectory } from './layout.ts';

/** An object whose file is sealed, named and synced, and that waits for its row. */
export interface Finished {
  instance: NewInstance;
  association: AssociationInfo;
  directory: FinalDirectory;
}

/**
 * Commits groups: whatever finished while the last group was on its way forms the next one. Alone, an object is
 * committed at once; under load one directory sync and one transaction serve many associations.
 */
export interface Committer {
  /** Settles when directory and row are durable. Rejects when they are not: the object must not be acknowledged. */
  commit(finished: Finished): Promise<LandedRow>;
}

interface Needs {
  db: Db;
  instances: InstanceTable;
  associations: AssociationTable;
  landed(instances: LandedInstance[], association: AssociationInfo): void;
}

type Waiting = Finished & { resolve(row: LandedRow): void; reject(error: unknown): void };
const mostInGroup = 64;

export function createCommitter({ db, instances, associations, landed }: Needs): Committer {
  let waiting: Waiting[] = [];
  let busy = false;

  async function work() {
    busy = true;
    while (waiting.length > 0) {
      const group = waiting.slice(0, mostInGroup);
      waiting = waiting.slice(mostInGroup);
      try {
        const directories = new Set(group.map(item => item.directory.descriptor));
        await Promise.all([...directories].map(syncedDirectory));
        const rows = transaction(db, () => write(group));
        for (const [index, item] of group.entries()) item.resolve(rows[index] as LandedRow);
      } catch (error) {
        for (const item of group) item.reject(error);
      }
    }
    busy = false;
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
        if (!busy) void work();
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

function syncedDirectory(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => fsync(descriptor, error => (error ? reject(error) : resolve())));
}
