import type Docker from 'dockerode';
import { AppError } from '../../../shared/problems.ts';
import { dockerProblem, engineWords } from './problems.ts';

export interface Images {
  /** @param progress told now and then, in words. @throws IMAGE_PULL_FAILED, DOCKER_UNREACHABLE, the signal's reason */
  pull(image: string, signal: AbortSignal, progress: (words: string) => void): Promise<void>;
}

const tellEveryMs = 5000;

export function createImages({ docker, address }: { docker: Docker; address: string }): Images {
  const failed = (image: string, error: unknown) => {
    const problem = dockerProblem(error, `pull ${image}`, address);
    return problem.code === 'DOCKER_UNREACHABLE'
      ? problem
      : new AppError('IMAGE_PULL_FAILED', { image, reason: engineWords(error) }, { cause: error });
  };
  return {
    async pull(image, signal, progress) {
      signal.throwIfAborted();
      try {
        const stream = await docker.pull(withTag(image), { abortSignal: signal });
        let toldAt = 0;
        await new Promise<void>((resolve, reject) => {
          docker.modem.followProgress(
            stream,
            error => (error ? reject(error) : resolve()),
            (event: { status?: string; id?: string; error?: string }) => {
              if (event.error) reject(new Error(event.error));
              if (Date.now() - toldAt < tellEveryMs || !event.status) return;
              toldAt = Date.now();
              progress([event.id, event.status].filter(Boolean).join(': '));
            },
          );
        });
      } catch (error) {
        signal.throwIfAborted();
        throw failed(image, error);
      }
    },
  };
}

/** Without a tag the engine would pull every tag there is. */
const withTag = (image: string) => (/(:[^/]+|@sha256:[0-9a-f]+)$/.test(image) ? image : `${image}:latest`);
