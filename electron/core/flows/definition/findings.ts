import type { FlowProblem } from '../../../../shared/schemas/flows.ts';

/** A place in the text, counted from 1 as editors do. */
export interface Place {
  line: number;
  column: number;
}

/** What is wrong with a flow file, gathered while it is read. */
export interface Findings {
  error(at: Place, path: string, what: string, remedy: string): void;
  warn(at: Place, path: string, what: string, remedy: string): void;
  hasErrors(): boolean;
  /** In the order of the file. */
  list(): FlowProblem[];
}

/** More would help nobody, and a hostile file could make millions. */
const most = 200;

export function createFindings(): Findings {
  const problems: FlowProblem[] = [];
  let failed = false;
  const add = (severity: FlowProblem['severity'], at: Place, path: string, what: string, remedy: string) => {
    failed ||= severity === 'error';
    if (problems.length < most) problems.push({ severity, line: at.line, column: at.column, path, what, remedy });
  };
  return {
    error: (at, path, what, remedy) => add('error', at, path, what, remedy),
    warn: (at, path, what, remedy) => add('warning', at, path, what, remedy),
    hasErrors: () => failed,
    list: () => [...problems].sort((a, b) => a.line - b.line || a.column - b.column),
  };
}
