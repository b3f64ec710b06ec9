import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createAssociation } from '../../electron/core/dicom/association.ts';
import { createIndexScan, type Reception } from '../../electron/core/dicom/index.ts';
import { echoscu, eventually } from '../helpers/dcmtk.ts';
import { type Receiver, startReceiver } from '../helpers/receiver.ts';
import { chunks, stream } from './mutations.ts';
import { makeRandom, type Random } from './random.ts';

/**
 * Random and mutated PDU streams against the acceptor: most in process, some over a socket against the listener with
 * its inbox and index. Nothing may throw, hang, or keep memory.
 *
 *     node test/fuzz/pdu-fuzz.ts [count] [seed]
 */
export interface FuzzReport {
  pdus: number;
  streams: number;
  overSockets: number;
  /** Answers by the first byte: PDU types of PS3.8 §9.3.1. */
  answers: Record<number, number>;
  stored: number;
  longestMs: number;
  /** Live memory after the first tenth, and at the end. */
  memoryMb: [number, number];
}

/** One of so many streams goes over a real socket. */
const socketShare = 100;
const longestAllowedMs = 5000;

/** @throws Error with the seed and number of the stream that broke something */
export async function fuzzPdus(count: number, seed: number): Promise<FuzzReport> {
  const receiver = await startReceiver({ artimMs: 3000, settings: { MAX_ASSOCIATIONS: 100, IDLE_TIMEOUT: 5 } });
  const report: FuzzReport = {
    pdus: 0,
    streams: 0,
    overSockets: 0,
    answers: {},
    stored: 0,
    longestMs: 0,
    memoryMb: [0, 0],
  };
  try {
    while (report.pdus < count) {
      const number = report.streams++;
      const random = makeRandom(seed + number * 7919);
      const pdus = stream(random);
      report.pdus += pdus.length;
      const start = performance.now();
      try {
        if (number % socketShare === 0) {
          report.overSockets++;
          await overSocket(random, pdus, receiver);
        } else await inProcess(random, pdus, report);
      } catch (error) {
        throw new Error(`stream ${number} of seed ${seed}: ${(error as Error).message}`, { cause: error });
      }
      const took = performance.now() - start;
      report.longestMs = Math.max(report.longestMs, took);
      if (took > longestAllowedMs) throw new Error(`stream ${number} of seed ${seed} took ${Math.round(took)} ms`);
      if (report.memoryMb[0] === 0 && report.pdus >= count / 10) report.memoryMb[0] = liveMb();
    }
    await eventually(() => receiver.listener.status().openAssociations === 0, 'every association is over');
    const { code, output } = await echoscu(receiver.port);
    if (code !== 0) throw new Error(`no echo after the last stream: ${output}`);
    report.memoryMb[1] = liveMb();
    return report;
  } finally {
    await receiver.stop();
  }
}

/** The acceptor alone: its reception reads every data set as the inbox would, and answers at once. */
async function inProcess(random: Random, pdus: Buffer[], report: FuzzReport): Promise<void> {
  const reception: Reception = {
    associated: () => ({
      begin: ({ transferSyntaxUid }) => {
        const scan = createIndexScan(transferSyntaxUid);
        return {
          write(data) {
            scan.push(data);
            return true;
          },
          async finish() {
            const { attributes } = scan.end();
            const whole = attributes.sopInstanceUid !== '';
            if (whole) report.stored++;
            // As a slow disk would: a tenth of the answers come late.
            if (random.below(10) === 0) await new Promise(resolve => setImmediate(resolve));
            return { status: whole ? 0 : 0xc000, outcome: whole ? 'stored' : 'refused' };
          },
          discard() {},
        };
      },
      ended() {},
    }),
  };
  let paused = false;
  const association = createAssociation({
    transport: {
      host: '127.0.0.1',
      port: 1,
      tls: false,
      write(bytes) {
        const type = bytes[0] as number;
        report.answers[type] = (report.answers[type] ?? 0) + 1;
        return true;
      },
      end() {},
      destroy() {},
      pause() {
        paused = true;
      },
      resume() {
        paused = false;
      },
    },
    reception,
    policy: () => ({ calledAeTitles: [], callingAeTitles: [], callingHosts: [] }),
    claimPlace: () => true,
    releasePlace() {},
    maxPduLength: 16384,
    idleMs: 60_000,
    artimMs: 60_000,
    log() {},
  });
  for (const chunk of chunks(random, pdus)) {
    association.data(chunk);
    if (paused) await new Promise(resolve => setImmediate(resolve));
  }
  association.closed('the fuzzer hung up');
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the association does not end')), longestAllowedMs);
  });
  await Promise.race([association.over, limit]);
  clearTimeout(timer);
  if (association.state !== 'closed') throw new Error(`the association ended as ${association.state}`);
}

/** The whole receive path; the peer hangs up after its last byte, or when it is aborted. */
async function overSocket(random: Random, pdus: Buffer[], receiver: Receiver): Promise<void> {
  const socket = connect(receiver.port, '127.0.0.1');
  const over = new Promise<void>(resolve => socket.once('close', () => resolve()));
  socket.on('error', () => {});
  socket.on('data', () => {});
  const parts = chunks(random, pdus);
  for (const [index, chunk] of parts.entries()) {
    if (socket.destroyed) break;
    socket.write(chunk);
    if (index % 50 === 49) await new Promise(resolve => setImmediate(resolve));
  }
  if (random.below(2) === 0) socket.destroy();
  else socket.end();
  await over;
}

function liveMb(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return Math.round((heapUsed + external) / 2 ** 20);
}

if (import.meta.main) {
  const [count = 200_000, seed = 1] = process.argv.slice(2).map(Number);
  const start = performance.now();
  const report = await fuzzPdus(count, seed);
  const { pdus, streams, overSockets, answers, stored, longestMs, memoryMb } = report;
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(
    `fuzz: ${pdus} PDUs in ${streams} streams (${overSockets} over sockets) with seed ${seed} in ${seconds} s: ` +
      `no crash, no hang (longest ${Math.round(longestMs)} ms), memory ${memoryMb.join(' -> ')} MB; ` +
      `${stored} data sets read, answers by PDU type ${JSON.stringify(answers)}`,
  );
  if (memoryMb[1] - memoryMb[0] > 32) throw new Error('memory grew');
}
