/**
 * The acceptor's part of the DICOM upper layer state machine, PS3.8 §9.2, table 9-10; Sta numbers in brackets.
 *
 *   awaiting-request [2] ──A-ASSOCIATE-RQ──> established [6] ──A-RELEASE-RQ──> releasing [8] ──all answered──┐
 *          │ rejected, time-out                   │ abort, error, silence                                   │
 *          └───────────────> awaiting-close [13] <┴─────────────────────────────────────────────────────────┘
 *                                    └──connection closed, or ARTIM──> closed [1]
 */
export type State = 'awaiting-request' | 'established' | 'releasing' | 'awaiting-close' | 'closed';

export type Event =
  | 'associate-rq'
  | 'associate-ac'
  | 'associate-rj'
  | 'p-data'
  | 'release-rq'
  | 'release-rp'
  | 'abort'
  | 'invalid-pdu'
  | 'silence'
  | 'artim-expired'
  | 'settled'
  | 'stop'
  | 'connection-closed';

export type Action =
  | 'ignore'
  | 'answer-request' // AE-6, then AE-7 or AE-8
  | 'take-data' // DT-2
  | 'wait-until-settled' // AR-2
  | 'confirm-release' // AR-4
  | 'peer-aborted' // AA-2, AA-3
  | 'abort-unexpected' // AA-1, AA-8
  | 'abort-invalid' // AA-1, AA-8
  | 'abort-silent' // the time limits of this side
  | 'abort-stopped'
  | 'close' // AR-5, AA-2
  | 'lost'; // AA-4, AA-5

type Moves = Record<Event, Action>;

/** What every PDU leads to where nothing else is said: it is not expected. */
const unexpected: Moves = {
  'associate-rq': 'abort-unexpected',
  'associate-ac': 'abort-unexpected',
  'associate-rj': 'abort-unexpected',
  'p-data': 'abort-unexpected',
  'release-rq': 'abort-unexpected',
  'release-rp': 'abort-unexpected',
  abort: 'peer-aborted',
  'invalid-pdu': 'abort-invalid',
  silence: 'abort-silent',
  'artim-expired': 'abort-silent',
  settled: 'ignore',
  stop: 'abort-stopped',
  'connection-closed': 'lost',
};

const nothing = Object.fromEntries(Object.keys(unexpected).map(event => [event, 'ignore'])) as Moves;

export const moves: Record<State, Moves> = {
  'awaiting-request': { ...unexpected, 'associate-rq': 'answer-request' },
  established: { ...unexpected, 'p-data': 'take-data', 'release-rq': 'wait-until-settled', 'artim-expired': 'ignore' },
  releasing: { ...unexpected, settled: 'confirm-release', silence: 'ignore', 'artim-expired': 'ignore' },
  'awaiting-close': {
    ...nothing,
    abort: 'close',
    'artim-expired': 'close',
    stop: 'close',
    'connection-closed': 'close',
  },
  closed: nothing,
};
