import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { AppError } from '../../../shared/problems.ts';
import type { AssociationInfo, AssociationOutcome } from '../dicom/index.ts';
import { attributesOf, readDicomFile } from '../dicom/index.ts';
import type { LogHub } from '../logs/index.ts';
import { type Db, transaction } from '../store/index.ts';
import { type AssociationTable, countsOf } from '../store/tables/associations.ts';
import type { InstanceTable, NewInstance } from '../store/tables/instances.ts';
import { landedInstance } from './commit.ts';
import type { LandedInstance } from './inbox.ts';
import type { Layout } from './layout.ts';
import { withOwnSeries } from './own-series.ts';
import { readSeal, type Seal } from './seal.ts';

interface Needs {
  db: Db;
  dataDirectory: string;
  layout: Layout;
  instances: InstanceTable;
  associations: AssociationTable;
  landed(instances: LandedInstance[], association: AssociationInfo): void;
  end(association: AssociationInfo, outcome: AssociationOutcome, reason: string | null, refused: number): void;
  /** Directory of the first minute to look at. */
  since: string;
  log: LogHub;
}

/**
 * Brings files and index together after a process, or the power, ended without a word. Safe to run twice.
 *
 * Objects that were still arriving are removed; a sealed file without a row gets one; a file whose seal does not fit goes
 * to quarantine; associations left open end as lost, which closes their batches.
 */
export async function recover(needs: Needs): Promise<void> {
  const { layout, dataDirectory, instances, associations, end, log } = needs;
  const parts = (await readdir(layout.incoming)).filter(name => name.endsWith('.part'));
  for (const name of parts) await unlink(join(layout.incoming, name));
  if (parts.length > 0)
    log.warn('inbox', `${parts.length} unfinished objects of the last run removed; none was acknowledged`);
  let indexed = 0;
  for await (const path of filesSince(layout.instances, needs.since)) {
    if (instances.hasPath(path)) continue;
    const reason = await adopt(needs, path);
    if (!reason) indexed++;
    else await quarantine(layout, join(dataDirectory, path), reason, log);
  }
  if (indexed > 0) log.warn('inbox', `${indexed} stored files without an index row were indexed`);
  for (const association of associations.stillOpen()) {
    end(association, 'lost', 'Gantry ended without a word', 0);
  }
}

/** Paths below DATA, in the order of their minutes. */
async function* filesSince(instances: string, since: string): AsyncGenerator<string> {
  const [sinceDay = '', sinceMinute = ''] = since.split('/');
  const days = (await readdir(instances)).filter(day => /^\d{8}$/.test(day) && day >= sinceDay).sort();
  for (const day of days) {
    const minutes = (await readdir(join(instances, day)))
      .filter(minute => day > sinceDay || minute >= sinceMinute)
      .sort();
    for (const minute of minutes) {
      const names = await readdir(join(instances, day, minute)).catch(() => []);
      for (const name of names) if (name.endsWith('.dcm')) yield `instances/${day}/${minute}/${name}`;
    }
  }
}

/** @returns why the file cannot be indexed; undefined when it is */
async function adopt(needs: Needs, path: string): Promise<string | undefined> {
  const { db, dataDirectory, instances, associations, landed } = needs;
  const file = join(dataDirectory, path);
  const found = await readDicomFile(file).catch(reasonOf);
  if (typeof found === 'string') return found;
  const seal = readSeal(found.privateInformation);
  if (!seal) return 'it has no seal: its receipt was broken off';
  if (found.size - found.dataSetOffset !== seal.bytes) return 'its data set is not as long as its seal says';
  const { sha256, crc } = await sumsFrom(file, found.dataSetOffset);
  if (crc !== seal.crc) return 'its data set is not the one its seal says';
  await syncFile(file);
  const attributes = withOwnSeries(attributesOf(found));
  transaction(db, () => {
    const association = associationOf(seal, associations);
    const instance: NewInstance = {
      ...attributes,
      transferSyntaxUid: found.transferSyntaxUid,
      path,
      dataSetOffset: found.dataSetOffset,
      bytes: seal.bytes,
      sha256,
      associationId: association.id,
      receivedAt: seal.receivedAt,
    };
    const row = instances.land(instance);
    associations.count(association.id, countsOf(row.outcome, seal.bytes));
    landed([landedInstance(instance, row)], association);
    return row;
  });
  if (!instances.hasPath(path)) await unlink(file);
  return undefined;
}

const reasonOf = (error: unknown) =>
  error instanceof AppError && error.code === 'NOT_DICOM'
    ? (error.params as { reason: string }).reason
    : (error as Error).message;

/** The association of the seal; when its row was lost with the power, or is already closed, a new row stands for it. */
function associationOf(seal: Seal, associations: AssociationTable): AssociationInfo {
  const { callingAe, calledAe, host, port, tls } = seal;
  const known = associations.get(seal.association);
  if (known?.outcome === 'open' && known.callingAe === callingAe && known.host === host) return known;
  const open = associations
    .stillOpen()
    .find(row => row.callingAe === callingAe && row.host === host && row.port === port);
  const peer = { callingAe, calledAe, host, port, tls };
  return open ?? { ...peer, id: associations.open(peer, seal.receivedAt) };
}

async function quarantine(layout: Layout, file: string, reason: string, log: LogHub): Promise<void> {
  await mkdir(layout.quarantine, { recursive: true });
  await rename(file, join(layout.quarantine, basename(file)));
  log.warn('inbox', `${basename(file)} moved to quarantine: ${reason}`);
}

async function sumsFrom(file: string, offset: number): Promise<{ sha256: Buffer; crc: number }> {
  const hash = createHash('sha256');
  let crc = 0;
  for await (const chunk of createReadStream(file, { start: offset, highWaterMark: 2 ** 20 })) {
    hash.update(chunk as Buffer);
    crc = crc32(chunk as Buffer, crc);
  }
  return { sha256: hash.digest(), crc };
}

/** The last run may have ended between the seal and the fsync. */
async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.sync();
  await handle.close();
}
