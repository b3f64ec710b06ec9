import { randomUUID } from 'node:crypto';
import { ORPCError, ValidationError } from '@orpc/server';
import { AppError, describe, type Problem, problemOf } from '../../shared/problems.ts';
import type { LogHub } from '../core/logs/index.ts';

const conflicts = new Set(['FLOW_CHANGED', 'RUN_ACTIVE', 'RUN_ENDED', 'RUN_INPUT_GONE']);

/** HTTP status of a problem, by its kind. */
export function statusOf({ code, kind }: Pick<Problem, 'code' | 'kind'>): number {
  if (code.endsWith('_NOT_FOUND')) return 404;
  if (conflicts.has(code)) return 409;
  return { input: 400, outside: 503, defect: 500 }[kind];
}

/** The one place where what a room threw becomes an answer: words for ours, a trace id for a defect, never a stack. */
export function problemError(error: unknown, log: LogHub): ORPCError<'PROBLEM', Problem> {
  const problem = toProblem(error, log);
  return new ORPCError('PROBLEM', { status: statusOf(problem), message: problem.title, data: problem, defined: true });
}

function toProblem(error: unknown, log: LogHub): Problem {
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
