import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { isOf, type LogHub, levelInText } from '../logs/index.ts';
import { labels } from './containers.ts';
import { type From, followLog, type StampedLine } from './follow-log.ts';
import { within } from './problems.ts';

/**
 * Brings what the containers of the engine write into the log. Read all the time are only those of Gantry's own stacks;
 * others are read while somebody looks at them, for a machine may run hundreds that are none of our business, and what they
 * wrote meanwhile still stands with the engine: it is fetched when they are looked at again. Steps are read by their run.
 */
export interface ContainerLogs {
  /** Those whose lines can be asked for. */
  list(): { key: string; name: string; running: boolean }[];
  /** Somebody looks at these sources now. */
  watch(sources: readonly string[] | undefined): void;
  start(): void;
  stop(): Promise<void>;
}

/** The last lines of a source that are kept: their time, and how many have it. */
export type LastKept = (key: string) => Promise<{ at: number; lines: number } | null>;

interface Needs {
  docker: Docker;
  address: string;
  installationId: string;
  log: LogHub;
  lastKept: LastKept;
}

interface Known {
  id: string;
  key: string;
  name: string;
  running: boolean;
  always: boolean;
  /** Of the last line that was taken. */
  stamp: string | null;
  watchedUntil: number;
  following: AbortController | null;
  /** Followed to its end: nothing new comes before it starts again. */
  ended: boolean;
  /** Of one whose log cannot be read. */
  notBefore: number;
}

/** Someone who looks asks again within 20 s. */
const watchMs = 40_000;
const againMs = 2000;
const failedMs = 10_000;
const gatherMs = 150;
/** Of a container that was never looked at before. */
const lastLines = 10_000;
const seconds = 60;

export function createContainerLogs({ docker, address, installationId, log, lastKept }: Needs): ContainerLogs {
  const containers = new Map<string, Known>();
  const over = new AbortController();
  const works = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let looking: NodeJS.Timeout | undefined;

  async function look(): Promise<void> {
    const found = await within(docker.listContainers({ all: true }), seconds, 'list containers', address);
    const there = new Set(found.map(({ Id }) => Id));
    for (const { Id: id, Names, Labels, State } of found) {
      if (Labels[labels.run]) continue;
      const before = containers.get(id);
      const running = State === 'running';
      const name = (Names[0] ?? id.slice(0, 12)).replace(/^\//, '');
      if (before) Object.assign(before, { name, running, ended: before.ended && !running });
      else {
        const always = Labels[labels.installation] === installationId;
        const key = `container/${id.slice(0, 12)}`;
        const fresh = { stamp: null, watchedUntil: 0, following: null, ended: false, notBefore: 0 };
        containers.set(id, { id, key, name, running, always, ...fresh });
      }
    }
    for (const [id, { following }] of containers) if (!there.has(id) && !following) containers.delete(id);
    settle();
  }

  /** Begins and ends the reading of each, by what is wanted now. */
  function settle(): void {
    const now = Date.now();
    for (const known of containers.values()) {
      const wanted = known.always || known.watchedUntil > now;
      if (wanted && !known.following && !known.ended && known.notBefore <= now && !over.signal.aborted) begin(known);
      if (!wanted) known.following?.abort();
    }
  }

  function begin(known: Known): void {
    const controller = new AbortController();
    known.following = controller;
    const work = read(known, controller.signal)
      .then(() => {
        known.ended = !known.running;
      })
      // Log drivers that keep nothing cannot be read, and an engine may be away.
      .catch(() => {
        known.notBefore = Date.now() + failedMs;
      })
      .finally(() => {
        known.following = null;
        works.delete(work);
        if (!controller.signal.aborted) soon();
      });
    works.add(work);
  }

  async function read(known: Known, signal: AbortSignal): Promise<void> {
    // The two streams may be stamped a little out of order: only what an earlier reading took is left out.
    const taken = known.stamp;
    const kept = taken === null ? await lastKept(known.key) : null;
    const from: From = taken !== null ? { after: taken } : kept ? { at: kept.at } : { last: lastLines };
    let same = kept?.lines ?? 0;
    const source = { key: known.key, name: known.name };
    const line = ({ stream, stamp, text }: StampedLine) => {
      if (taken !== null && stamp <= taken) return;
      if (known.stamp === null || stamp > known.stamp) known.stamp = stamp;
      const at = Date.parse(stamp);
      // Lines of an earlier life of the core: the store knows milliseconds only, so those of the last one are counted off.
      if (kept && at < kept.at) return;
      if (kept && at === kept.at && same > 0) {
        same--;
        return;
      }
      log.output({ at, source, level: levelInText(text), stream, text });
    };
    await followLog({ docker, address, id: known.id, from, line, signal });
  }

  /** Containers come and go in bursts. */
  function soon(): void {
    if (over.signal.aborted) return;
    looking ??= setTimeout(() => {
      looking = undefined;
      look().catch(() => {});
    }, gatherMs);
  }

  async function listen(): Promise<void> {
    const filters = { type: ['container'], event: ['create', 'start', 'die', 'destroy', 'rename'] };
    const asked = docker.getEvents({ filters: JSON.stringify(filters) as never });
    const events = (await within(asked, seconds, 'tell its events', address)) as unknown as Readable;
    const end = () => events.destroy();
    over.signal.addEventListener('abort', end);
    events.on('data', soon);
    try {
      await look();
      await new Promise<void>(resolve => {
        events.once('end', resolve);
        events.once('close', resolve);
        events.once('error', () => resolve());
      });
    } finally {
      over.signal.removeEventListener('abort', end);
      events.destroy();
    }
  }

  async function keepListening(): Promise<void> {
    while (!over.signal.aborted) {
      await listen().catch(() => {});
      await new Promise<void>(resolve => {
        timer = setTimeout(resolve, againMs);
        over.signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  let listening: Promise<void> = Promise.resolve();
  let expiring: NodeJS.Timeout | undefined;
  return {
    list: () => [...containers.values()].map(({ key, name, running }) => ({ key, name, running })),
    watch(sources) {
      const asked = sources?.filter(source => source === 'container' || source.startsWith('container/')) ?? [];
      if (asked.length === 0) return;
      for (const known of containers.values()) if (isOf(known.key, asked)) known.watchedUntil = Date.now() + watchMs;
      settle();
    },
    start() {
      listening = keepListening();
      expiring = setInterval(settle, watchMs / 4);
    },
    async stop() {
      over.abort();
      clearTimeout(timer);
      clearTimeout(looking);
      clearInterval(expiring);
      for (const { following } of containers.values()) following?.abort();
      await Promise.all([listening, ...works]);
    },
  };
}
