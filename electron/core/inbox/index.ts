/**
 * The inbox: received bytes become a durable file, an index row, an answer, and then part of a batch.
 * The listener hands objects in as a `Reception`; what landed is told to the batches inside the index transaction.
 */
export { type Batches, createBatches, type QuietCollect } from './batches.ts';
export type { FreeSpace } from './free-space.ts';
export { createImports, type Imports } from './import-jobs.ts';
export {
  type AssociationInfo,
  type AssociationOutcome,
  createInbox,
  type Inbox,
  type LandedInstance,
} from './inbox.ts';
