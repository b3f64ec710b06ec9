/**
 * A run's life. `code` is DicomFlow's number, kept for its dashboards.
 *
 *   pending ──> running ──> finished ──> sending ──> sent
 *      │           │                        │  ▲
 *      │           ├──> failed (400)        │  └─ an unconfirmed instance is tried again
 *      └───────────┴──> cancelled (400) <───┘
 *                       failed <─ deliveries gave up
 *
 * A crash puts a running run back to pending; a retry makes failed, cancelled and sent pending again.
 */
export const runStates = ['pending', 'running', 'finished', 'sending', 'sent', 'failed', 'cancelled'] as const;
export type RunState = (typeof runStates)[number];

export const runCode: Record<RunState, number> = {
  pending: 0,
  running: 1,
  finished: 2,
  sending: 3,
  sent: 4,
  failed: 400,
  cancelled: 400,
};

const moves: Record<RunState, readonly RunState[]> = {
  pending: ['running', 'failed', 'cancelled'],
  running: ['finished', 'failed', 'cancelled', 'pending'],
  finished: ['sending', 'sent', 'failed', 'cancelled', 'pending'],
  sending: ['sent', 'failed', 'cancelled', 'pending'],
  sent: ['pending'],
  failed: ['pending', 'sending'],
  cancelled: ['pending', 'sending'],
};

export const mayMove = (from: RunState, to: RunState): boolean => moves[from].includes(to);
export const hasEnded = (state: RunState): boolean => state === 'sent' || state === 'failed' || state === 'cancelled';

export const stepStates = ['pending', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type StepState = (typeof stepStates)[number];
