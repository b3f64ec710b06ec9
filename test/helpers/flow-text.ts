import { parseFlow } from '../../electron/core/flows/definition.ts';
import type { Flow, FlowProblem } from '../../shared/schemas/flows.ts';

/** A flow of one model with these lines under docker_kwargs (image is added). */
export const withKwargs = (...lines: string[]): string =>
  ['triggers: []', 'models:', '  - docker_kwargs:', '      image: busybox', ...lines.map(line => `      ${line}`)].join(
    '\n',
  );

/** A flow of one model with these lines beside docker_kwargs. */
export const withModel = (...lines: string[]): string =>
  ['triggers: []', 'models:', '  - docker_kwargs: { image: busybox }', ...lines.map(line => `    ${line}`)].join('\n');

/** The flow of a text that must be valid. */
export function flowOf(text: string): Flow {
  const { flow, problems } = parseFlow(text, 'test.yml');
  if (!flow) throw new Error(`refused: ${problems.map(words).join('; ')}`);
  return flow;
}

/** The first model's container of a text that must be valid. */
export function containerOf(text: string): Flow['models'][number]['container'] {
  const model = flowOf(text).models[0];
  if (!model) throw new Error('the flow has no model');
  return model.container;
}

const words = ({ line, column, what }: FlowProblem) => `${line}:${column} ${what}`;

/** `line:column what` of every error, in the order of the file. */
export const errorsOf = (text: string): string[] =>
  parseFlow(text, 'test.yml')
    .problems.filter(problem => problem.severity === 'error')
    .map(words);

/** The same of every warning. */
export const warningsOf = (text: string): string[] =>
  parseFlow(text, 'test.yml')
    .problems.filter(problem => problem.severity === 'warning')
    .map(words);

/** A random number generator whose every run is the same: mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
