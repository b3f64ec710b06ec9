import type { AssociationInfo, AssociationOutcome, AssociationPeer, Receiving, Reception } from '../dicom/index.ts';
import type { LogHub } from '../logs/index.ts';
import type { Settings } from '../settings/index.ts';
import { type Db, transaction } from '../store/index.ts';
import { createAssociationTable } from '../store/tables/associations.ts';
import { createInstanceTable, type LandedRow } from '../store/tables/instances.ts';
import { createCommitter } from './commit.ts';
import { createDurableMark } from './durable-mark.ts';
import { createDisk, type FreeSpace } from './free-space.ts';
import { receiveObject } from './incoming-object.ts';
import { createLayout } from './layout.ts';
import { recover } from './recover.ts';
import { createSlabs, unbufferedFlags } from './slabs.ts';

export type { AssociationInfo, AssociationOutcome } from '../dicom/index.ts';

/** An instance whose file and row are durable. */
export interface LandedInstance {
  id: number;
  sopInstanceUid: string;
  sopClassUid: string;
  transferSyntaxUid: string;
  studyInstanceUid: string;
  seriesInstanceUid: string;
  /** Below DATA, with forward slashes. */
  path: string;
  /** Of the data set. */
  bytes: number;
  associationId: number;
  outcome: LandedRow['outcome'];
}

/**
 * Received bytes become a durable file, then an index row, then an answer.
 *
 *   DATA/incoming/*.part ──sealed──> DATA/instances/…/*.dcm ──fsync file, fsync directory──> row ──> 0x0000
 */
export interface Inbox extends Reception {
  /** Before the first association: unfinished files go, files without a row are indexed, open associations end as lost. */
  recover(): Promise<void>;
  freeSpace(): FreeSpace;
  /** Free bytes below which nothing is received, on a disk of that size. */
  limitBytes(totalBytes: number): number;
  stop(): void;
}

interface Needs {
  db: Db;
  dataDirectory: string;
  settings: Pick<Settings, 'get'>;
  log: LogHub;
  /** Inside the index transaction, once a group and association. */
  landed(instances: LandedInstance[], association: AssociationInfo): void;
  /** Inside a transaction, for every association that brought objects. */
  ended(association: AssociationInfo, outcome: AssociationOutcome, reason: string | null): void;
}

/** @throws DATA_DIR_UNWRITABLE */
export function createInbox({ db, dataDirectory, settings, log, landed, ended }: Needs): Inbox {
  const layout = createLayout(dataDirectory);
  const disk = createDisk(dataDirectory, settings);
  const instances = createInstanceTable(db);
  const associations = createAssociationTable(db);
  const committer = createCommitter({ db, instances, associations, landed });
  const mark = createDurableMark(db);
  const slabs = createSlabs();
  const unbuffered = unbufferedFlags(layout.incoming, slabs);
  const receive = { dataDirectory, layout, disk, committer, instances, log, slabs, unbuffered };

  /** The row is made with the first object: an echo leaves a log line only. */
  function associated(peer: AssociationPeer): Receiving {
    const startedAt = Date.now();
    let association: AssociationInfo | undefined;
    const counts = { stored: 0, duplicate: 0, conflict: 0, refused: 0 };
    const open = () => {
      const id = associations.open(peer, startedAt);
      log.info(`association ${id}`, `${peer.callingAe} at ${peer.host} to ${peer.calledAe} begins to send`);
      // Seals do not say that flows are not to look at an import: this row has to survive a power cut.
      if (peer.import) db.pragma('wal_checkpoint(PASSIVE)');
      return { ...peer, id };
    };
    return {
      begin(announced, resume) {
        association ??= open();
        const object = receiveObject(receive, association, announced, resume);
        return {
          write: object.write,
          discard: object.discard,
          async finish() {
            const answer = await object.finish();
            counts[answer.outcome]++;
            return answer;
          },
        };
      },
      ended(outcome, reason) {
        if (!association) return;
        end(association, outcome, reason, counts.refused);
        const said = Object.entries(counts).flatMap(([what, n]) => (n > 0 ? [`${n} ${what}`] : []));
        const level = (outcome === 'released' || outcome === 'imported') && counts.refused === 0 ? 'info' : 'warn';
        const why = reason ? ` (${reason})` : '';
        log.write(level, `association ${association.id}`, `${outcome}${why}: ${said.join(', ') || 'nothing stored'}`);
      },
    };
  }

  function end(association: AssociationInfo, outcome: AssociationOutcome, reason: string | null, refused: number) {
    try {
      transaction(db, () => {
        if (refused > 0)
          associations.count(association.id, { stored: 0, duplicates: 0, conflicts: 0, bytes: 0, refused });
        associations.end(association.id, outcome, reason);
        ended(association, outcome, reason);
      });
    } catch (error) {
      // The row stays open: the next start ends it as lost.
      log.error('inbox', `end of association ${association.id} could not be written: ${(error as Error).message}`);
    }
  }

  return {
    associated,
    async recover() {
      await recover({ db, dataDirectory, layout, instances, associations, landed, end, since: mark.since(), log });
      mark.start();
    },
    freeSpace: disk.space,
    limitBytes: disk.limitBytes,
    stop() {
      mark.stop();
      layout.close();
    },
  };
}
