/** Kinds of step. Every kind is a StepKind: the queue knows no more of it. */
export { createContainerStep } from './container.ts';
export type { StepInput, StepKind, StepOrder } from './step.ts';
