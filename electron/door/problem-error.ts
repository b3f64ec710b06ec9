import { randomUUID } from 'node:crypto';
import { ORPCError, ValidationError } from '@orpc/server';
import { AppError, describe, type Problem, problemOf } from '../../shared/problems.ts';
import type { LogHub } from '../core/logs/index.ts';
import { statusOf } from './problem-status.ts';

/** The one place where what a room threw becomes an answer: words for ours, a trace id for a defect, never a stack. */
export function problemError(error: unknown, log: LogHub): ORPCError<'PROBLEM', Problem> {
  const problem = toProblem(error, log);
  return new ORPCError('PROBLEM', { status: statusOf(problem), message: problem.title, data: problem, defined: true });
}

type Stream = AsyncIterator<unknown> & AsyncIterable<unknown>;
export const isStream = (answer: unknown): answer is Stream =>
  typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer && 'next' in answer;

/** A stream may fail long after its call was answered: that, too, leaves as a problem. */
export function streamWithProblems(stream: Stream, log: LogHub): Stream {
  return {
    next: () =>
      stream.next().catch(error => {
        throw problemError(error, log);
      }),
    return: async value => (await stream.return?.(value)) ?? { done: true, value },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** What anything thrown has to say; a defect is logged under its trace id. */
export function toProblem(error: unknown, log: LogHub): Problem {
  if (error instanceof AppError) return error.problem;
  if (error instanceof ORPCError) {
    if (error.code === 'PROBLEM') return error.data as Problem;
    if (error.code === 'BAD_REQUEST') return badRequest(error);
  }
  const traceId = randomUUID();
  log.error('api', `${traceId} ${error instanceof Error ? error.stack : String(error)}`);
  return problemOf(error, traceId);
}

function badRequest(error: ORPCError<string, unknown>): Problem {
  const issue = error.cause instanceof ValidationError ? error.cause.issues[0] : undefined;
  const path = issue?.path?.map(part => (typeof part === 'object' ? String(part.key) : String(part))).join('.');
  return describe('REQUEST_INVALID', { field: path || 'the request', expected: issue?.message ?? error.message });
}
