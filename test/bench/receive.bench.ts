import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answering, ended, freePort } from '../helpers/dcmtk.ts';
import { makeStudy } from '../helpers/dicom-maker.ts';
import { startOrthanc } from '../helpers/orthanc-peer.ts';

/**
 * Images per second of Gantry (durable), DCMTK storescp (not durable) and Orthanc (durable, its default), interleaved in
 * one run and sent by storescu; and peak memory for one object of 200 MB.
 *
 *     node test/bench/receive.bench.ts [rounds] [names, e.g. gantry,storescp]
 */
interface Receiver {
  port: number;
  processId: number;
  stop(): Promise<void>;
}

interface Load {
  name: string;
  folders: string[];
  images: number;
  noDelay: boolean;
}

async function gantry(directory: string): Promise<Receiver> {
  mkdirSync(directory, { recursive: true });
  const script = new URL('./receiving-process.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.once('data', (text: Buffer) => resolve(Number(text)));
    child.once('exit', code => reject(new Error(`Gantry ended with ${code}`)));
  });
  return { port, processId: child.pid ?? 0, stop: () => ended(child, 'SIGTERM') };
}

/** It serves one association at a time unless it forks. */
async function storescp(directory: string, associations: number): Promise<Receiver> {
  mkdirSync(directory, { recursive: true });
  const port = await freePort();
  const fork = associations > 1 ? ['--fork'] : [];
  const child = spawn('storescp', ['+B', '+xa', '+uf', ...fork, '-od', directory, String(port)], { stdio: 'ignore' });
  await answering(port, child);
  return { port, processId: child.pid ?? 0, stop: () => ended(child) };
}

async function orthanc(directory: string): Promise<Receiver> {
  const { dicomPort, processId, stop } = await startOrthanc(directory);
  return { port: dicomPort, processId, stop };
}

const starts = { gantry, storescp, orthanc };
type Name = keyof typeof starts;

/**
 * DCMTK's tools, Orthanc among them, switch Nagle off only by this variable: on in a row, it is on at both ends.
 * Gantry does not read it.
 */
function setNoDelay(on: boolean) {
  if (on) process.env.TCP_NODELAY = '1';
  else delete process.env.TCP_NODELAY;
}

/** Seconds for every folder, each sent by a storescu of its own, all at once. */
async function send(port: number, folders: string[]): Promise<number> {
  const start = performance.now();
  await Promise.all(
    folders.map(
      folder =>
        new Promise<void>((resolve, reject) => {
          const child = spawn('storescu', ['+sd', '127.0.0.1', String(port), folder], { stdio: 'ignore' });
          child.once('error', reject);
          child.once('close', code => (code === 0 ? resolve() : reject(new Error(`storescu ended with ${code}`))));
        }),
    ),
  );
  return (performance.now() - start) / 1000;
}

const peakMb = (processId: number) => {
  const line = readFileSync(`/proc/${processId}/status`, 'utf8').match(/VmHWM:\s+(\d+) kB/);
  return Math.round(Number(line?.[1] ?? 0) / 1024);
};

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const row = (cells: (string | number)[]) => console.log(`| ${cells.join(' | ')} |`);

/** Prints the tables and which goals are reached; answers whether all are. */
export async function main(rounds: number, names: Name[]): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-bench-'));
  const study = (name: string, instances: number, side: number) => {
    makeStudy({ directory: join(directory, name), instances, side });
    return join(directory, name);
  };
  try {
    // A listener runs for weeks: what is measured is not its first second.
    const warmUp = study('warm-up', 600, 128);
    const shortWarmUp = study('short-warm-up', 20, 128);
    const loads: Load[] = [];
    /** The same number of images over one association and over four. */
    const load = (name: string, images: number, side: number, noDelay: boolean) => {
      const folder = name.replaceAll(/\W+/g, '-') + images;
      const four = [0, 1, 2, 3].map(part => study(`${folder}-${part}`, images / 4, side));
      loads.push(
        { name: `${images} ${name}, 1 association`, folders: [study(folder, images, side)], images, noDelay },
        { name: `${images} ${name}, 4 associations`, folders: four, images, noDelay },
      );
    };
    load('CT of 0.5 MB', 500, 512, true);
    load('small', 2000, 96, true);
    // Fewer, for a receiver whose answers wait for delayed acknowledgements takes 40 ms and more for each.
    load('CT of 0.5 MB', 100, 512, false);
    load('small', 100, 96, false);
    const rates = new Map<string, number[]>();
    // Every run has a directory of its own, removed at the end: ext4 looks long for inodes just after a removal.
    let runs = 0;
    const key = (load: Load, name: Name) => `${load.name} ${load.noDelay} ${name}`;
    for (let round = 0; round < rounds; round++) {
      // Nagle at the sender is slow and steady: one round shows it.
      for (const load of loads.filter(({ noDelay }) => noDelay || round === 0)) {
        setNoDelay(load.noDelay);
        for (const name of names) {
          const receiver = await starts[name](join(directory, `data-${++runs}`), load.folders.length);
          await send(receiver.port, [load.noDelay ? warmUp : shortWarmUp]);
          // What the last receiver left to the page cache is not to be written at the cost of this one.
          execFileSync('sync');
          const seconds = await send(receiver.port, load.folders);
          rates.set(key(load, name), [...(rates.get(key(load, name)) ?? []), load.images / seconds]);
          await receiver.stop();
        }
      }
    }
    const rate = (load: Load, name: Name) => median(rates.get(key(load, name)) ?? []);
    console.log('\nReceiving, images per second, medians; Gantry and Orthanc durable, storescp not');
    row(['load', 'TCP_NODELAY', ...names, 'to storescp', 'to Orthanc']);
    row(Array.from({ length: names.length + 4 }, () => '---'));
    for (const load of loads) {
      const ours = rate(load, 'gantry');
      const ratios = (['storescp', 'orthanc'] as const).map(name => (ours / rate(load, name)).toFixed(2));
      row([load.name, load.noDelay ? 'yes' : 'no', ...names.map(name => Math.round(rate(load, name))), ...ratios]);
    }

    setNoDelay(true);
    const large = study('large', 1, 10_240);
    console.log('\nPeak memory before and after one object of 200 MB');
    for (const name of names) {
      const receiver = await starts[name](join(directory, `data-${++runs}`), 1);
      await send(receiver.port, loads[0]?.folders ?? []);
      const before = peakMb(receiver.processId);
      const seconds = await send(receiver.port, [large]);
      console.log(`${name}: ${before} -> ${peakMb(receiver.processId)} MB, ${seconds.toFixed(2)} s`);
      await receiver.stop();
    }
    return goals(rate, loads);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function goals(rate: (load: Load, name: Name) => number, [one, four]: Load[]): boolean {
  const ratio = (load: Load | undefined, name: Name) => (load ? rate(load, 'gantry') / rate(load, name) : Number.NaN);
  const wanted: [string, number, number][] = [
    ['1 association, to Orthanc', ratio(one, 'orthanc'), 2.5],
    ['4 associations, to Orthanc', ratio(four, 'orthanc'), 1.2],
    ['1 association, to storescp', ratio(one, 'storescp'), 0.6],
  ];
  console.log('');
  for (const [goal, reached, least] of wanted) {
    console.log(`${reached >= least ? 'reached' : 'MISSED '} ${goal}: ${reached.toFixed(2)}, goal ${least}`);
  }
  return wanted.every(([, reached, least]) => reached >= least);
}

if (import.meta.main) {
  const names = (process.argv[3]?.split(',') ?? Object.keys(starts)) as Name[];
  process.exitCode = (await main(Number(process.argv[2] ?? 3), names)) ? 0 : 1;
}
