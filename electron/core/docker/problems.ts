import { AppError } from '../../../shared/problems.ts';

const away = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'ECONNRESET',
  'EPIPE',
  'EACCES',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'EAI_AGAIN',
]);

export const statusOf = (error: unknown) => (error as { statusCode?: number }).statusCode;

/** What dockerode threw, as a problem of ours. `what` says what the engine was asked to do. */
export function dockerProblem(error: unknown, what: string, address: string): AppError {
  if (error instanceof AppError) return error;
  const { code, message = String(error) } = error as NodeJS.ErrnoException;
  // A connection that ends in the middle of an answer has no code of its own.
  if ((code && away.has(code)) || /socket hang up|aborted/.test(message)) {
    return new AppError('DOCKER_UNREACHABLE', { address, reason: message }, { cause: error });
  }
  const reason = engineWords(error);
  if (
    /could not select device driver|unknown or invalid runtime name: nvidia|nvidia-container-cli|CDI device injection failed/.test(
      reason,
    )
  ) {
    return new AppError('ENGINE_WITHOUT_GPU', { address }, { cause: error });
  }
  return new AppError('DOCKER_REFUSED', { what, reason }, { cause: error });
}

/** The engine's own sentence, without dockerode's wrapping. */
export function engineWords(error: unknown): string {
  const { json, message = String(error) } = error as { json?: { message?: string }; message?: string };
  return (json?.message ?? message.replace(/^\(HTTP code \d+\) [^-]* - /, '')).trim();
}

/** Fails when the engine does not answer in time: a hung engine must not hang a run. */
export async function within<T>(work: Promise<T>, seconds: number, what: string, address: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () =>
        reject(new AppError('DOCKER_UNREACHABLE', { address, reason: `no answer within ${seconds} s to: ${what}` })),
      seconds * 1000,
    );
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    throw dockerProblem(error, what, address);
  } finally {
    clearTimeout(timer);
  }
}
