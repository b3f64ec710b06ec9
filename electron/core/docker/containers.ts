import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { AppError } from '../../../shared/problems.ts';
import type { ContainerSpec } from '../../../shared/schemas/flows.ts';
import { linesOf } from './log-lines.ts';
import { statusOf, within } from './problems.ts';

export interface ContainerOrder extends ContainerSpec {
  runId: number;
  runUid: string;
  position: number;
}

/** One of ours, found by its labels. */
export interface OurContainer {
  id: string;
  runUid: string;
  position: number;
}

/** What steps need of containers. Everything made here is labelled as this installation's. */
export interface Containers {
  ours(): Promise<OurContainer[]>;
  /** @throws IMAGE_MISSING, DOCKER_REFUSED, DOCKER_UNREACHABLE, as all below */
  create(order: ContainerOrder): Promise<string>;
  putTar(id: string, path: string, tar: Readable): Promise<void>;
  /** @returns the folder as a tar, under its own name */
  getTar(id: string, path: string): Promise<Readable>;
  start(id: string): Promise<void>;
  inspect(
    id: string,
  ): Promise<{ started: boolean; running: boolean; exitCode: number; startedAt: number; oomKilled: boolean }>;
  /** Lines from the start of the container until it ends. @returns when the last one was told */
  follow(id: string, line: (stream: 'stdout' | 'stderr', text: string) => void, signal: AbortSignal): Promise<void>;
  /** The last lines of one stream, of a container that has ended. */
  tail(id: string, stream: 'stdout' | 'stderr', count: number): Promise<string[]>;
  /** Until it ends. @returns its exit code */
  wait(id: string, signal: AbortSignal): Promise<number>;
  /** With its anonymous volumes, running or not; one that is gone is fine. */
  remove(id: string): Promise<void>;
}

export const labels = {
  installation: 'io.gantry.installation',
  run: 'io.gantry.run',
  runUid: 'io.gantry.run-uid',
  step: 'io.gantry.step',
};

const seconds = 60;
/** Images and studies can be large, and remote engines far. */
const transferSeconds = 3600;
const removeTries = 5;

export function createContainers({
  docker,
  address,
  installationId,
}: {
  docker: Docker;
  address: string;
  installationId: string;
}): Containers {
  const ask = <T>(work: Promise<T>, what: string, limit = seconds) => within(work, limit, what, address);
  return {
    async ours() {
      const filters = { label: [`${labels.installation}=${installationId}`] };
      const found = await ask(docker.listContainers({ all: true, filters }), 'list containers');
      return found.map(({ Id, Labels }) => ({
        id: Id,
        runUid: Labels[labels.runUid] ?? '',
        position: Number(Labels[labels.step] ?? -1),
      }));
    },
    async create({ runId, runUid, position, ...spec }) {
      const all = {
        ...spec.Labels,
        [labels.installation]: installationId,
        [labels.run]: String(runId),
        [labels.runUid]: runUid,
        [labels.step]: String(position),
      };
      try {
        const container = await ask(
          docker.createContainer({ ...spec, Labels: all }),
          `create a container of ${spec.Image}`,
        );
        return container.id;
      } catch (error) {
        const cause = (error as Error).cause;
        if (statusOf(cause) === 404) throw new AppError('IMAGE_MISSING', { image: spec.Image }, { cause });
        throw error;
      }
    },
    async putTar(id, path, tar) {
      // The types know no Readable here; the modem pipes it.
      const body = tar as unknown as NodeJS.ReadableStream;
      await ask(docker.getContainer(id).putArchive(body, { path }), `unpack files at ${path}`, transferSeconds);
    },
    async getTar(id, path) {
      return (await ask(docker.getContainer(id).getArchive({ path }), `read ${path}`)) as unknown as Readable;
    },
    start: async id => void (await ask(docker.getContainer(id).start(), 'start the container')),
    async inspect(id) {
      const { State: state } = await ask(docker.getContainer(id).inspect(), 'look at the container');
      const startedAt = Date.parse(state.StartedAt);
      return {
        started: startedAt > 0,
        running: state.Running,
        exitCode: state.ExitCode,
        startedAt,
        oomKilled: state.OOMKilled,
      };
    },
    async follow(id, line, signal) {
      const asked = docker.getContainer(id).logs({ follow: true, stdout: true, stderr: true, abortSignal: signal });
      const stream = (await ask(asked, 'read the log')) as unknown as Readable;
      const [out, err] = [linesOf(text => line('stdout', text)), linesOf(text => line('stderr', text))];
      docker.modem.demuxStream(stream, out, err);
      await new Promise<void>(resolve => {
        stream.once('end', resolve);
        stream.once('close', resolve);
        stream.once('error', () => resolve());
      });
      // The last lines may lack their line feed: they are told when the ends are through.
      await Promise.all([out, err].map(end => new Promise<void>(resolve => end.end(() => resolve()))));
    },
    async tail(id, stream, count) {
      const asked = docker
        .getContainer(id)
        .logs({ follow: false, stdout: stream === 'stdout', stderr: stream === 'stderr', tail: count });
      const bytes = (await ask(asked, 'read the end of the log')) as unknown as Buffer;
      const lines: string[] = [];
      const out = linesOf(text => lines.push(text));
      for (const payload of payloads(bytes)) out.write(payload);
      await new Promise<void>(resolve => out.end(() => resolve()));
      return lines.slice(-count);
    },
    async wait(id, signal) {
      const ended = docker.getContainer(id).wait({ abortSignal: signal }) as Promise<{ StatusCode: number }>;
      // As long as the step may take: the caller holds the time limit.
      return (await ask(ended, 'wait for the container', 2_000_000)).StatusCode;
    },
    async remove(id) {
      for (let attempt = 1; ; attempt++) {
        try {
          await ask(docker.getContainer(id).remove({ force: true, v: true }), 'remove the container');
          return;
        } catch (error) {
          const status = statusOf((error as Error).cause);
          if (status === 404) return;
          // 409: its removal is already under way.
          if (attempt >= removeTries || (error as AppError).code === 'DOCKER_UNREACHABLE') throw error;
          await new Promise(resolve => setTimeout(resolve, 500 * attempt));
        }
      }
    },
  };
}

/** The engine heads each piece of a log with its stream and length, Docker Engine API "Stream format". */
function* payloads(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at + 8 <= bytes.length; ) {
    const end = at + 8 + bytes.readUInt32BE(at + 4);
    yield bytes.subarray(at + 8, end);
    at = end;
  }
}
