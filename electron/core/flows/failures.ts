import type { Problem } from '../../../shared/problems.ts';
import { problemSchema } from '../../../shared/schemas/common.ts';
import type { FailureGroup } from '../../../shared/schemas/queue.ts';
import type { Db } from '../store/index.ts';

/** Failed runs looked at, newest first: causes older than these are history. */
const mostRuns = 10_000;
const mostIds = 1000;

/** Failed runs, put together by their cause, the largest group first. */
export function failureGroups(db: Db): FailureGroup[] {
  const rows = db
    .prepare<[number], { id: number; flow: string; problem: string | null; at: number }>(
      `SELECT id, coalesce(nullif(flow_name, ''), flow_file) AS flow, problem, coalesce(finished_at, created_at) AS at
       FROM runs WHERE state = 'failed' ORDER BY id DESC LIMIT ?`,
    )
    .all(mostRuns);
  const groups = new Map<string, FailureGroup>();
  for (const { id, flow, problem: text, at } of rows) {
    if (!text) continue;
    const problem = problemSchema.parse(JSON.parse(text));
    const cause = causeOf(problem);
    const key = `${problem.code} ${cause}`;
    const group = groups.get(key) ?? { problem, cause, count: 0, flows: [], lastAt: at, runIds: [] };
    groups.set(key, group);
    group.count++;
    group.lastAt = Math.max(group.lastAt, at);
    if (!group.flows.includes(flow)) group.flows.push(flow);
    if (group.runIds.length < mostIds) group.runIds.push(id);
  }
  return [...groups.values()].sort((a, b) => b.count - a.count || b.lastAt - a.lastAt);
}

/** The words of a failure without what differs from run to run. */
function causeOf({ code, params, title }: Problem): string {
  return code === 'DELIVERY_FAILED' && typeof params.reason === 'string' ? params.reason : title;
}
