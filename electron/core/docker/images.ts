import type Docker from 'dockerode';
import { AppError } from '../../../shared/problems.ts';
import type { Image, PullProgress } from '../../../shared/schemas/images.ts';
import { dockerProblem, engineWords, within } from './problems.ts';

export interface Images {
  /** Every name that the engine has an image under, in name order. @throws DOCKER_UNREACHABLE, DOCKER_REFUSED */
  list(): Promise<{ items: Image[]; total: number }>;
  /** @param progress told now and then, in words. @throws IMAGE_PULL_FAILED, DOCKER_UNREACHABLE, the signal's reason */
  pull(image: string, signal: AbortSignal, progress: (words: string) => void): Promise<void>;
  /** pull() with its progress; whoever stops listening stops it. @throws as pull() */
  pulling(image: string, signal: AbortSignal | undefined): AsyncGenerator<PullProgress>;
}

/** One line of what the engine tells of a pull. */
interface PullEvent {
  status?: string;
  id?: string;
  error?: string;
  progressDetail?: { current?: number; total?: number };
}

const tellEveryMs = 5000;
const showEveryMs = 250;
const listSeconds = 20;

export function createImages({ docker, address }: { docker: Docker; address: string }): Images {
  const failed = (image: string, error: unknown) => {
    const problem = dockerProblem(error, `pull ${image}`, address);
    return problem.code === 'DOCKER_UNREACHABLE'
      ? problem
      : new AppError('IMAGE_PULL_FAILED', { image, reason: engineWords(error) }, { cause: error });
  };

  async function follow(image: string, signal: AbortSignal, told: (event: PullEvent) => void): Promise<void> {
    signal.throwIfAborted();
    try {
      const stream = await docker.pull(withTag(image), { abortSignal: signal });
      await new Promise<void>((resolve, reject) => {
        docker.modem.followProgress(
          stream,
          error => (error ? reject(error) : resolve()),
          (event: PullEvent) => {
            if (event.error) reject(new Error(event.error));
            told(event);
          },
        );
      });
    } catch (error) {
      signal.throwIfAborted();
      throw failed(image, error);
    }
  }
  const wordsOf = ({ id, status }: PullEvent) => [id, status].filter(Boolean).join(': ');

  return {
    async list() {
      const found = await within(docker.listImages(), listSeconds, 'list its images', address);
      const items = found.flatMap(({ RepoTags, RepoDigests, Size, Created }) =>
        // An image that lost its tag is still there under its digest.
        [...(RepoTags ?? []), ...(RepoDigests ?? [])]
          .filter(name => !name.includes('<none>'))
          .map((name): Image => ({ name, bytes: Size, createdAt: Created * 1000 })),
      );
      items.sort((a, b) => (a.name < b.name ? -1 : 1));
      return { items, total: items.length };
    },
    async pull(image, signal, progress) {
      let toldAt = 0;
      await follow(image, signal, event => {
        if (Date.now() - toldAt < tellEveryMs || !event.status) return;
        toldAt = Date.now();
        progress(wordsOf(event));
      });
    },
    async *pulling(image, signal) {
      const stop = new AbortController();
      const layers = new Map<string, { current: number; total: number }>();
      let text = '';
      let ended = false;
      const both = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
      const work = follow(image, both, event => {
        text = wordsOf(event) || text;
        const { current = 0, total } = event.progressDetail ?? {};
        // Unpacking counts from the start again: what was fetched stays fetched.
        const before = layers.get(event.id ?? '');
        if (event.id && total) layers.set(event.id, { current: Math.max(before?.current ?? 0, current), total });
      }).finally(() => {
        ended = true;
      });
      // Awaited below; until then a failure must not count as nobody's.
      work.catch(() => {});
      const sum = (key: 'current' | 'total') => [...layers.values()].reduce((all, layer) => all + layer[key], 0);
      try {
        while (!ended) {
          yield { text, doneBytes: sum('current'), totalBytes: sum('total'), ended: false };
          await Promise.race([work.catch(() => {}), new Promise(resolve => setTimeout(resolve, showEveryMs))]);
        }
        await work;
        yield { text, doneBytes: sum('total'), totalBytes: sum('total'), ended: true };
      } finally {
        stop.abort();
      }
    },
  };
}

/** Without a tag the engine would pull every tag there is. */
const withTag = (image: string) => (/(:[^/]+|@sha256:[0-9a-f]+)$/.test(image) ? image : `${image}:latest`);
