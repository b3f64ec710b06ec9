/**
 * What happens to a batch: its verdicts, its runs, their steps and deliveries.
 *
 *   flow files ─ definition ─> evaluate (trigger, explain) ─> runs ─> queue ─> execute (steps/) ─> outcome ─> delivery/
 *
 * Called by compose.ts (which wires it to inbox, docker and dicom) and api.ts (which reads the views).
 */
export type { BatchesView } from './batches-view.ts';
export { checkFlow, flowKeys } from './check.ts';
export { createFlows, type Flows } from './flows.ts';
export type { RunsView } from './runs-view.ts';
