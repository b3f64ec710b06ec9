/**
 * Getting the output of a run to its destinations, each instance until it is confirmed.
 *
 *   plan (rows) ─> courier (what is due, one destination at a time, breaker) ─> sender or folder ─> rows
 *
 * Called by outcome.ts. A row is confirmed only by the peer's own status, or by a file that is synced under its name.
 */
export { createDeliveries, type Deliveries } from './deliveries.ts';
export { inspectOutput } from './inspect-output.ts';
