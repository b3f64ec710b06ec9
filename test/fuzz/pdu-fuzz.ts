import { createAssociation, type Transport } from '../../electron/core/dicom/association.ts';
import { encodeCommandSet } from '../../electron/core/dicom/command-set.ts';
import { encodePData, encodePdu } from '../../electron/core/dicom/pdu-encode.ts';
import type { Reception } from '../../electron/core/dicom/reception.ts';
import { request, storeRequest } from '../helpers/scripted-peer.ts';
import { makeRandom, type Random } from './random.ts';

/**
 * Random and mutated PDUs against the acceptor of associations. Nothing may throw, hang or grow: a broken association ends
 * with a reason, and that is all. Seeded: the same seed sends the same bytes. `node test/fuzz/pdu-fuzz.ts [count] [seed]`
 */
export interface FuzzReport {
  pdus: number;
  associations: number;
  accepted: number;
  aborted: number;
  released: number;
  stored: number;
  /** Bytes of the heap after the first tenth and at the end, both after a collection where there is one. */
  heapEarly: number;
  heapLate: number;
}

const ctImageStorage = '1.2.840.10008.5.1.4.1.1.2';
const verification = '1.2.840.10008.1.1';
const littleEndian = '1.2.840.10008.1.2.1';
const maxPduLength = 65_536;

/** Valid PDUs of every kind, which mutation then spoils. */
function template(random: Random): Buffer {
  const associate = request([
    { id: 1, abstractSyntax: ctImageStorage, transferSyntaxes: [littleEndian] },
    { id: 3, abstractSyntax: verification, transferSyntaxes: ['1.2.840.10008.1.2'] },
  ]);
  // Whole C-STOREs and C-ECHOs most often: what is out of turn ends the association.
  switch (random.below(5) > 0 ? 7 + random.below(2) : random.below(10)) {
    case 0:
      return encodePdu(associate);
    case 1:
      return encodePdu({ type: 'release-rq' });
    case 2:
      return encodePdu({ type: 'abort', source: random.below(3), reason: random.below(7) });
    case 3:
      return encodePdu({ type: 'associate-rj', result: 1, source: 1, reason: random.below(8) });
    case 4:
      return encodePdu({ type: 'release-rp' });
    case 5:
      return encodePData(1, true, storeRequest(ctImageStorage, `1.2.3.${random.below(1e9)}`), maxPduLength);
    case 6:
      return encodePData(1, false, random.bytes(random.below(3000)), 1000 + random.below(2000));
    case 7:
      return encodePData(
        3,
        true,
        encodeCommandSet({
          commandField: 0x30,
          messageId: random.below(65_536),
          affectedSopClassUid: verification,
          hasDataSet: false,
        }),
        maxPduLength,
      );
    case 8:
      return Buffer.concat([
        encodePData(1, true, storeRequest(ctImageStorage, `1.2.3.${random.below(1e9)}`), maxPduLength),
        encodePData(1, false, random.bytes(2 + random.below(1500)), 400 + random.below(2000)),
      ]);
    default:
      return Buffer.concat([Buffer.from([random.below(12), 0]), random.bytes(4 + random.below(200))]);
  }
}

/** One fault, or none. */
function mutate(pdu: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(pdu);
  const at = random.below(bytes.length);
  switch (random.below(10)) {
    case 0:
      bytes[at] = random.below(256);
      return bytes;
    case 1:
      bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
      return bytes;
    case 2:
      return bytes.subarray(0, at);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(20)), bytes.subarray(at)]);
    case 4:
      bytes.writeUInt32BE(
        random.below(2) ? 0xffffffff : random.below(2 ** 31),
        Math.min(2, Math.max(0, bytes.length - 4)),
      );
      return bytes;
    case 5:
      bytes.writeUInt16BE(random.below(65_536), Math.min(at, Math.max(0, bytes.length - 2)));
      return bytes;
    case 6:
      return Buffer.concat([bytes, bytes.subarray(at)]);
    default:
      return bytes;
  }
}

/** Keeps nothing; a tenth of the objects are answered late, as a slow disk would. */
function sink(random: Random, report: FuzzReport): Reception {
  return {
    associated() {
      report.accepted++;
      return {
        begin: () => ({
          write: () => true,
          finish: async () => {
            report.stored++;
            if (random.below(10) === 0) await new Promise(resolve => setImmediate(resolve));
            return { status: 0, outcome: 'stored' };
          },
          discard: () => {},
        }),
        ended(outcome) {
          if (outcome === 'released') report.released++;
          else report.aborted++;
        },
      };
    },
  };
}

async function association(random: Random, report: FuzzReport, left: number): Promise<number> {
  let gone = false;
  const transport: Transport = {
    host: '127.0.0.1',
    port: 1,
    tls: false,
    write: () => !gone,
    end: () => {
      gone = true;
    },
    destroy: () => {
      gone = true;
    },
    pause: () => {},
    resume: () => {},
  };
  const made = createAssociation({
    transport,
    reception: sink(random, report),
    maxPduLength,
    idleMs: 60_000,
    artimMs: 60_000,
    log: () => {},
    policy: () => ({ calledAeTitles: [], callingAeTitles: [], callingHosts: [] }),
    claimPlace: () => true,
    releasePlace: () => {},
  });
  report.associations++;
  let sent = 0;
  // Few faults reach deep, many reach everywhere.
  const spoilt = [3, 30, 100][random.below(3)] as number;
  // Most begin as they should, so that the later states are reached.
  if (random.below(8) > 0)
    made.data(
      encodePdu(
        request([
          { id: 1, abstractSyntax: ctImageStorage, transferSyntaxes: [littleEndian] },
          { id: 3, abstractSyntax: verification, transferSyntaxes: ['1.2.840.10008.1.2'] },
        ]),
      ),
    );
  for (const most = 1 + random.below(30); sent < Math.min(most, left) && !gone; sent++) {
    const bytes = random.below(100) < spoilt ? mutate(template(random), random) : template(random);
    // The network cuts where it likes.
    for (let at = 0; at < bytes.length; ) {
      const end = random.below(4) === 0 ? at + 1 + random.below(40) : bytes.length;
      made.data(bytes.subarray(at, end));
      at = end;
    }
  }
  made.closed('the fuzzer hung up');
  const late = Symbol('late');
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise(resolve => {
    timer = setTimeout(resolve, 5000, late);
  });
  const ended = await Promise.race([made.over, limit]);
  clearTimeout(timer);
  if (ended === late) throw new Error(`association ${report.associations} did not end (seed ${random.seed})`);
  return Math.max(sent, 1);
}

const heap = () => {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
};

/** @param limitMs stops earlier when that much time has passed */
export async function fuzzPdus(count: number, seed: number, limitMs = Number.POSITIVE_INFINITY): Promise<FuzzReport> {
  const random = makeRandom(seed);
  const report: FuzzReport = {
    pdus: 0,
    associations: 0,
    accepted: 0,
    aborted: 0,
    released: 0,
    stored: 0,
    heapEarly: 0,
    heapLate: 0,
  };
  const begun = Date.now();
  while (report.pdus < count && Date.now() - begun < limitMs) {
    report.pdus += await association(random, report, count - report.pdus);
    if (report.heapEarly === 0 && report.pdus >= count / 10) report.heapEarly = heap();
  }
  report.heapLate = heap();
  return report;
}

if (process.argv[1] === import.meta.filename) {
  const [count = 1_000_000, seed = Date.now() % 1e6] = process.argv.slice(2).map(Number);
  const begun = Date.now();
  console.log(await fuzzPdus(count, seed), `seed ${seed}, ${((Date.now() - begun) / 1000).toFixed(1)} s`);
}
