import type { Problem } from '../../../../shared/problems.ts';
import type { Model } from '../../../../shared/schemas/flows.ts';

/** A file of a step's input. */
export interface StepInput {
  /** Path inside the input, with forward slashes. */
  name: string;
  /** Absolute path on this machine. */
  file: string;
  bytes: number;
}

/** All that a step needs to know of its run. */
export interface StepOrder {
  runId: number;
  runUid: string;
  position: number;
  model: Model;
  input: StepInput[];
  /** Made by the step; there only when the step has returned, then whole. */
  outputDirectory: string;
  /** Holds NAME.tar of every static mount. */
  staticDirectory: string;
  /** The one GPU the step may use. */
  gpu: string | null;
  /** With reason `Shutdown` the work is left running for the next start; with any other nothing is left behind. */
  signal: AbortSignal;
  line(stream: 'stdout' | 'stderr' | 'gantry', text: string): void;
  started(containerId: string): void;
}

/**
 * A way to do a step. The container is the first; built-in ones (de-identify, compress) follow without a change to the queue.
 */
export interface StepKind {
  kind: string;
  /** What stands against starting it now; the run waits and is asked again. */
  preflight(model: Model): Problem | null;
  /**
   * Safe to do twice with the same runUid and position: what an earlier life of the core started is taken up again.
   * Rejects with the signal's reason when aborted.
   */
  run(order: StepOrder): Promise<{ exitCode: number }>;
  /** At start: removes what belongs to no step that is still to be run. */
  sweep(isLive: (runUid: string, position: number) => boolean): Promise<void>;
}
