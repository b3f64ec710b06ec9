import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AnnouncedInstance,
  type AssociationInfo,
  attributesOf,
  createIndexScan,
  dimseStatus,
  type IncomingObject,
  type IndexedAttributes,
  isDeflated,
  readDicomFile,
  type StoreAnswer,
  writePart10Head,
} from '../dicom/index.ts';
import type { LogHub } from '../logs/index.ts';
import type { InstanceTable } from '../store/tables/instances.ts';
import type { Committer } from './commit.ts';
import type { Disk } from './free-space.ts';
import type { Layout } from './layout.ts';
import { createObjectFile, type ObjectFile } from './object-file.ts';
import { withOwnSeries } from './own-series.ts';
import { sealBytes, writeSeal } from './seal.ts';
import type { Slabs } from './slabs.ts';

export interface ReceiveNeeds {
  dataDirectory: string;
  layout: Layout;
  disk: Disk;
  committer: Committer;
  instances: InstanceTable;
  log: LogHub;
  slabs: Slabs;
  /** How whole blocks of their files are written, from `unbufferedFlags`. */
  unbuffered: number | undefined;
}

/** An object is not kept; the words fit the ErrorComment of its answer. */
class Refused extends Error {
  override name = 'Refused';
  readonly status: number;
  constructor(status: number, comment: string) {
    super(comment.slice(0, 64));
    this.status = status;
  }
}

/** What may stand in a UID, which becomes part of file names; PS3.5 §9.1 allows less, but real files hold more. */
const uidForm = /^[0-9A-Za-z][0-9A-Za-z._-]{0,127}$/;
/** Between two looks at the disk within one object. */
const lookEveryBytes = 16 * 2 ** 20;

/**
 * Receives one object: its bytes go to a file behind a file meta, its UIDs are read on their way.
 * `finish` answers after: data and seal written, final name, fsync of file and directory, row committed.
 */
export function receiveObject(
  needs: ReceiveNeeds,
  association: AssociationInfo,
  announced: AnnouncedInstance,
  resume: () => void,
): IncomingObject {
  const { dataDirectory, layout, disk, committer, instances, log, slabs, unbuffered } = needs;
  const { sopClassUid, sopInstanceUid, transferSyntaxUid } = announced;
  const scan = isDeflated(transferSyntaxUid) ? undefined : createIndexScan(transferSyntaxUid);
  let file: ObjectFile | undefined;
  let refused: Refused | undefined;
  let dataSetOffset = 0;
  let unlooked = 0;

  function refuse(status: number, comment: string) {
    refused ??= new Refused(status, comment);
    dropFile();
  }

  function dropFile() {
    file?.discard();
    file = undefined;
  }

  function open() {
    if (!uidForm.test(sopInstanceUid))
      return refuse(dimseStatus.cannotUnderstand, 'AffectedSOPInstanceUID is missing or not a UID');
    if (!uidForm.test(sopClassUid))
      return refuse(dimseStatus.cannotUnderstand, 'AffectedSOPClassUID is missing or not a UID');
    if (disk.isLow()) return refuse(dimseStatus.outOfResources, 'free disk space is below the limit');
    const { bytes, privateOffset } = writePart10Head({
      sopClassUid,
      sopInstanceUid,
      transferSyntaxUid,
      sourceAeTitle: association.callingAe,
      privateBytes: sealBytes,
    });
    dataSetOffset = bytes.length;
    const order = { path: layout.newPart(), head: bytes, sealOffset: privateOffset };
    file = createObjectFile({ ...order, unbuffered, slabs, resume });
  }

  /** The UIDs of the data set have to be there, and to be those of the request. */
  function checked({
    attributes,
    problem,
  }: {
    attributes: IndexedAttributes;
    problem: string | undefined;
  }): IndexedAttributes {
    const unread = problem && (attributes.studyInstanceUid === '' || attributes.seriesInstanceUid === '');
    if (unread) throw new Refused(dimseStatus.cannotUnderstand, problem);
    const complete = withOwnSeries(attributes);
    for (const keyword of ['SOPClassUID', 'SOPInstanceUID', 'StudyInstanceUID', 'SeriesInstanceUID'] as const) {
      const value = complete[keys[keyword]];
      if (value === '') throw new Refused(dimseStatus.cannotUnderstand, `${keyword} is missing`);
      if (!uidForm.test(value)) throw new Refused(dimseStatus.cannotUnderstand, `${keyword} is not a UID`);
    }
    if (attributes.sopClassUid !== sopClassUid) {
      throw new Refused(dimseStatus.dataSetDoesNotMatchSopClass, 'SOPClassUID differs from the request');
    }
    if (!isAnnounced(attributes.sopInstanceUid, sopInstanceUid)) {
      throw new Refused(dimseStatus.dataSetDoesNotMatchSopClass, 'SOPInstanceUID differs from the request');
    }
    return complete;
  }

  async function store(object: ObjectFile): Promise<StoreAnswer> {
    const early = scan && checked(scan.end());
    const receivedAt = Date.now();
    const { callingAe, calledAe, host, port, tls } = association;
    const { bytes } = await object.seal((length, crc) =>
      writeSeal({
        bytes: length,
        crc,
        association: association.id,
        callingAe,
        calledAe,
        host,
        port,
        tls,
        receivedAt,
      }),
    );
    const { path, file: finalFile, directory } = layout.newFinal();
    const { sha256 } = await object.settle(finalFile, directory.sync);
    const attributes = early ?? checked(await deflatedAttributes(finalFile));
    const row = await committer.commit({
      instance: {
        ...attributes,
        transferSyntaxUid,
        path,
        dataSetOffset,
        bytes,
        sha256,
        associationId: association.id,
        receivedAt,
      },
      association,
    });
    if (row.outcome === 'duplicate') keepOne(object, row.id, row.path, path);
    return { status: dimseStatus.success, outcome: row.outcome };
  }

  /** Of two equal files the first one stays, unless it was lost from the disk. */
  function keepOne(object: ObjectFile, id: number, keptPath: string, newPath: string) {
    if (existsSync(join(dataDirectory, keptPath))) return object.discard();
    instances.moveTo(id, newPath, dataSetOffset);
    log.warn('inbox', `file ${keptPath} of ${sopInstanceUid} was missing and is replaced by its duplicate`);
  }

  function answerFor(error: unknown): StoreAnswer {
    if (error instanceof Refused) {
      log.warn(
        'inbox',
        `instance ${sopInstanceUid || 'without UID'} from ${association.callingAe} refused: ${error.message}`,
      );
      return { status: error.status, comment: error.message, outcome: 'refused' };
    }
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    log.error('inbox', `instance ${sopInstanceUid} from ${association.callingAe} could not be stored: ${reason}`);
    return {
      status: dimseStatus.outOfResources,
      comment: `storing failed: ${reason}`.slice(0, 64),
      outcome: 'refused',
    };
  }

  try {
    open();
  } catch (error) {
    refused = new Refused(dimseStatus.outOfResources, `storing failed: ${(error as NodeJS.ErrnoException).code}`);
  }
  return {
    write(data) {
      if (!file) return true;
      scan?.push(data);
      disk.reserve(data.length);
      unlooked += data.length;
      if (unlooked >= lookEveryBytes) {
        unlooked = 0;
        if (disk.isLow()) {
          refuse(dimseStatus.outOfResources, 'free disk space is below the limit');
          return true;
        }
      }
      return file.write(data);
    },
    async finish() {
      const object = file;
      if (!object) return answerFor(refused);
      try {
        return await store(object);
      } catch (error) {
        object.discard();
        return answerFor(error);
      }
    },
    discard: dropFile,
  };
}

/** DCMTK cuts a UID that is longer than the standard allows, but only in its request. */
const isAnnounced = (uid: string, announced: string) =>
  uid === announced || (uid.length > 64 && announced.length >= 63 && uid.startsWith(announced));

const keys = {
  SOPClassUID: 'sopClassUid',
  SOPInstanceUID: 'sopInstanceUid',
  StudyInstanceUID: 'studyInstanceUid',
  SeriesInstanceUID: 'seriesInstanceUid',
} as const;

async function deflatedAttributes(
  path: string,
): Promise<{ attributes: IndexedAttributes; problem: string | undefined }> {
  const file = await readDicomFile(path);
  return { attributes: attributesOf(file), problem: file.problem };
}
