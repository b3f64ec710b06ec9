import type { Problem } from '../../shared/problems.ts';

const conflicts = new Set(['FLOW_CHANGED', 'RUN_ACTIVE', 'RUN_ENDED', 'RUN_INPUT_GONE', 'IMPORT_ENDED', 'STUDY_BUSY']);

/** HTTP status of a problem, by its kind. */
export function statusOf({ code, kind }: Pick<Problem, 'code' | 'kind'>): number {
  if (code.endsWith('_NOT_FOUND')) return 404;
  if (conflicts.has(code)) return 409;
  return { input: 400, outside: 503, defect: 500 }[kind];
}
