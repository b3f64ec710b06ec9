import type { Problem } from '../../shared/problems.ts';

/** What a failed call has to say, whatever failed. */
export function problemOfCall(error: unknown): Pick<Problem, 'title' | 'remedy' | 'action' | 'code'> {
  const data = (error as { data?: Partial<Problem> }).data;
  if (data?.title)
    return { code: data.code ?? 'DEFECT', title: data.title, remedy: data.remedy ?? '', action: data.action };
  return { code: 'DEFECT', title: error instanceof Error ? error.message : String(error), remedy: '' };
}
