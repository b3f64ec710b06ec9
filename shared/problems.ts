/**
 * Every error of the product, declared once: kind, whether a retry can help, and its words.
 * `title` is a fact of at most about eight words; `remedy` starts with a verb and names the thing to change.
 */
export type ProblemKind = 'input' | 'outside' | 'defect';

interface Declared<P> {
  kind: ProblemKind;
  retry: boolean;
  title: (params: P) => string;
  remedy: (params: P) => string;
  /** A page of the console that helps, e.g. `/flows/ct.yml`. */
  action?: (params: P) => string;
}

const problem = <P>(declared: Declared<P>): Declared<P> => declared;
/** `14:02`, by this machine's clock. */
export const hourOf = (time: number) => new Date(time).toTimeString().slice(0, 5);
const where = (p: { line?: number; column?: number }) => (p.line ? ` (line ${p.line}, column ${p.column ?? 1})` : '');

export const problems = {
  // Start-up
  OPTION_INVALID: problem<{ option: string; value: string; expected: string }>({
    kind: 'input',
    retry: false,
    title: p => `${p.option} cannot be ${JSON.stringify(p.value)}`,
    remedy: p => `Give ${p.option} ${p.expected}.`,
  }),
  PORT_TAKEN: problem<{ port: number; use: string }>({
    kind: 'input',
    retry: false,
    title: p => `Port ${p.port} for ${p.use} is taken`,
    remedy: p => `Stop the program that listens on ${p.port}, or give ${p.use} another port.`,
  }),
  DATA_DIR_UNWRITABLE: problem<{ path: string; reason: string }>({
    kind: 'input',
    retry: false,
    title: p => `Cannot write to the data directory ${p.path}: ${p.reason}`,
    remedy: p => `Give this user write access to ${p.path}, or choose another directory with --data.`,
  }),
  DATA_DIR_IN_USE: problem<{ path: string; pid: number }>({
    kind: 'input',
    retry: false,
    title: p => `Another Gantry (process ${p.pid}) uses ${p.path}`,
    remedy: () => 'Stop the other Gantry, or start this one with another --data directory.',
  }),
  STORE_NEWER_THAN_APP: problem<{ found: number; known: number }>({
    kind: 'input',
    retry: false,
    title: p => `The database has schema ${p.found}; this Gantry knows ${p.known}`,
    remedy: () => 'Install the newer Gantry that last used this data directory.',
  }),
  SETTINGS_INVALID: problem<{ key: string; origin: string; expected: string }>({
    kind: 'input',
    retry: false,
    title: p => `Setting ${p.key} from ${p.origin} is not valid`,
    remedy: p => `Change ${p.key} in ${p.origin}: ${p.expected}.`,
    action: () => '/settings',
  }),
  TLS_FILE_UNREADABLE: problem<{ path: string; reason: string }>({
    kind: 'input',
    retry: false,
    title: p => `TLS file ${p.path} cannot be used: ${p.reason}`,
    remedy: p => `Put a readable PEM file at ${p.path}, or change the TLS setting.`,
    action: () => '/settings',
  }),

  // What was asked for
  REQUEST_INVALID: problem<{ field: string; expected: string }>({
    kind: 'input',
    retry: false,
    title: p => `${p.field} is not valid`,
    remedy: p => `Correct ${p.field}: ${p.expected}.`,
  }),
  STUDY_NOT_FOUND: problem<{ studyInstanceUid: string }>({
    kind: 'input',
    retry: false,
    title: p => `No study ${p.studyInstanceUid}`,
    remedy: () => 'Look the study up in the list: it may have been deleted, or removed by retention.',
  }),
  INSTANCE_NOT_FOUND: problem<{ sopInstanceUid: string }>({
    kind: 'input',
    retry: false,
    title: p => `No instance ${p.sopInstanceUid}`,
    remedy: () => 'Look the instance up in its study: it may have been removed by retention.',
  }),
  BATCH_NOT_FOUND: problem<{ id: number }>({
    kind: 'input',
    retry: false,
    title: p => `No batch ${p.id}`,
    remedy: () => 'Choose a batch from the list: it may have been removed by retention.',
  }),
  RUN_NOT_FOUND: problem<{ id: number }>({
    kind: 'input',
    retry: false,
    title: p => `No run ${p.id}`,
    remedy: () => 'Choose a run from the list.',
  }),
  RUN_ENDED: problem<{ id: number; state: string }>({
    kind: 'input',
    retry: false,
    title: p => `Run ${p.id} is already ${p.state}`,
    remedy: () => 'Reload the run: there is nothing left to cancel.',
  }),
  RUN_ACTIVE: problem<{ id: number; state: string }>({
    kind: 'input',
    retry: false,
    title: p => `Run ${p.id} is still ${p.state}`,
    remedy: () => 'Cancel the run, or wait until it ends, before you retry it.',
  }),
  RUN_STARTED: problem<{ id: number; state: string }>({
    kind: 'input',
    retry: false,
    title: p => `Run ${p.id} is ${p.state}, not waiting`,
    remedy: () => 'Change the priority of runs that wait; for the next ones change it in the flow.',
  }),
  RUN_INPUT_GONE: problem<{ id: number; what: string }>({
    kind: 'input',
    retry: false,
    title: p => `Run ${p.id} cannot start there: ${p.what}`,
    remedy: () => 'Retry from an earlier step, or send the study again.',
  }),
  STEP_NOT_FOUND: problem<{ id: number; step: number }>({
    kind: 'input',
    retry: false,
    title: p => `Run ${p.id} has no step ${p.step}`,
    remedy: () => 'Choose one of the steps of the run.',
  }),

  // Flows
  FLOW_NOT_FOUND: problem<{ file: string }>({
    kind: 'input',
    retry: false,
    title: p => `No flow file ${p.file}`,
    remedy: () => 'Choose a flow from the list, or save this one first.',
    action: () => '/flows',
  }),
  FLOW_FILE_NAME_INVALID: problem<{ file: string }>({
    kind: 'input',
    retry: false,
    title: p => `${JSON.stringify(p.file)} cannot be a flow file name`,
    remedy: () => 'Use a relative name that ends in .yml or .yaml, without "..".',
  }),
  FLOW_INVALID: problem<{ file: string; line?: number; column?: number; what: string; remedy: string }>({
    kind: 'input',
    retry: false,
    title: p => `${p.file}${where(p)}: ${p.what}`,
    remedy: p => p.remedy,
    action: p => `/flows/${p.file}`,
  }),
  FLOW_CHANGED: problem<{ file: string }>({
    kind: 'input',
    retry: false,
    title: p => `${p.file} was changed by somebody else`,
    remedy: () => 'Reload the file, put your change in again, and save.',
  }),
  FLOW_VERSION_NOT_FOUND: problem<{ file: string; id: string }>({
    kind: 'input',
    retry: false,
    title: p => `${p.file} has no version ${p.id}`,
    remedy: () => 'Choose one of the versions of the file.',
  }),
  STATIC_TAR_MISSING: problem<{ name: string; path: string }>({
    kind: 'input',
    retry: false,
    title: p => `Static mount ${p.name} has no tar`,
    remedy: p => `Put the tar at ${p.path}, or remove the static mount from the flow.`,
  }),

  // Docker
  DOCKER_UNREACHABLE: problem<{ address: string; reason: string }>({
    kind: 'outside',
    retry: true,
    title: p => `No Docker engine answers at ${p.address}`,
    remedy: p => `Start Docker, or set DOCKER_HOST to the engine to use. It said: ${p.reason}.`,
  }),
  DOCKER_REFUSED: problem<{ what: string; reason: string }>({
    kind: 'outside',
    retry: true,
    title: p => `The Docker engine refused to ${p.what}`,
    remedy: p => `Correct what the engine names: ${p.reason}.`,
  }),
  ENGINE_WITHOUT_GPU: problem<{ address: string }>({
    kind: 'input',
    retry: false,
    title: p => `The Docker engine at ${p.address} offers no GPU`,
    remedy: () => 'Install the NVIDIA container toolkit on the engine and restart it, or set gpu: false in the flow.',
  }),
  GPU_NOT_CONFIGURED: problem<Record<never, never>>({
    kind: 'input',
    retry: false,
    title: () => 'No GPU is configured',
    remedy: () => 'Set GPUS to the indexes that flows may use, for example GPUS="0 1".',
    action: () => '/settings',
  }),
  GPU_BUSY: problem<{ held: string }>({
    kind: 'outside',
    retry: true,
    title: p => `No GPU is free: ${p.held}`,
    remedy: () => 'Wait for a running step to end, or add a GPU to GPUS.',
  }),
  QUEUE_PAUSED: problem<{ since: number }>({
    kind: 'outside',
    retry: true,
    title: p => `The queue is paused since ${hourOf(p.since)}`,
    remedy: () => 'Resume the queue on the Runs page; runs that were under way go on meanwhile.',
    action: () => '/runs',
  }),
  IMAGE_PULL_FAILED: problem<{ image: string; reason: string }>({
    kind: 'outside',
    retry: true,
    title: p => `Image ${p.image} could not be pulled`,
    remedy: p =>
      `Correct the image name, or set pull_before_exec: false for an image that is on the engine. It said: ${p.reason}.`,
  }),
  IMAGE_MISSING: problem<{ image: string }>({
    kind: 'input',
    retry: false,
    title: p => `Image ${p.image} is not on the engine`,
    remedy: p => `Pull or build ${p.image}, or set pull_before_exec: true in the flow.`,
  }),
  STEP_FAILED: problem<{ step: string; exitCode: number; lastLines: string[] }>({
    kind: 'outside',
    retry: false,
    title: p => `Step ${p.step} ended with exit code ${p.exitCode}`,
    remedy: () => 'Read the last lines of its log, correct the flow or the image, and retry from this step.',
  }),
  STEP_TIMED_OUT: problem<{ step: string; seconds: number }>({
    kind: 'outside',
    retry: false,
    title: p => `Step ${p.step} ran longer than ${p.seconds} s`,
    remedy: () => 'Raise timeout in the flow, or find out why the container hangs, and retry from this step.',
  }),
  NOTHING_TO_SEND: problem<{ otherFiles: number }>({
    kind: 'outside',
    retry: false,
    title: p => `The output holds no DICOM to send (${p.otherFiles} other files)`,
    remedy: () => 'Make the last model write DICOM to its output_dir, or remove the destinations from the flow.',
  }),
  NO_SENDER: problem<object>({
    kind: 'outside',
    retry: false,
    title: () => 'The batch was imported: there is no sender to return the result to',
    remedy: () => 'Name a destination in the flow instead of return_to_sender_on_port, and run it on the study again.',
  }),
  DELIVERY_FAILED: problem<{ unconfirmed: number; total: number; reason: string }>({
    kind: 'outside',
    retry: false,
    title: p => `${p.unconfirmed} of ${p.total} deliveries are not confirmed`,
    remedy: p => `Repair the destination, then send again: ${p.reason}.`,
  }),
  STEP_OUTPUT_UNREADABLE: problem<{ step: string; reason: string }>({
    kind: 'outside',
    retry: false,
    title: p => `Output of step ${p.step} could not be read`,
    remedy: p => `Correct output_dir or what the container writes there: ${p.reason}.`,
  }),

  DELETE_NOT_CONFIRMED: problem<{ word: string }>({
    kind: 'input',
    retry: false,
    title: () => 'The deletion of the study is not confirmed',
    remedy: p => `Type ${p.word}, or the Patient ID of the study exactly as it is shown.`,
  }),
  STUDY_BUSY: problem<{ what: string; action?: string }>({
    kind: 'input',
    retry: false,
    title: p => `The study is in use: ${p.what}`,
    remedy: () => 'Wait until its runs and deliveries have ended, or cancel them, and delete it then.',
    action: p => p.action ?? '/runs',
  }),

  // Imports
  IMPORT_NOT_FOUND: problem<{ id: number }>({
    kind: 'input',
    retry: false,
    title: p => `No import ${p.id}`,
    remedy: () => 'Choose an import from the list.',
    action: () => '/imports',
  }),
  IMPORT_ENDED: problem<{ id: number; state: string }>({
    kind: 'input',
    retry: false,
    title: p => `Import ${p.id} is already ${p.state}`,
    remedy: () => 'Start a new import: what is stored already is found as a duplicate.',
    action: () => '/imports',
  }),
  UPLOAD_BROKEN_OFF: problem<{ file: string; reason: string }>({
    kind: 'outside',
    retry: true,
    title: p => `Sending ${p.file} broke off`,
    remedy: p => `Send the file again: ${p.reason}.`,
  }),
  IMPORT_PATH_UNREADABLE: problem<{ path: string; reason: string }>({
    kind: 'input',
    retry: false,
    title: p => `${p.path} cannot be read`,
    remedy: p => `Give a path on the machine that Gantry runs on, readable by its user: ${p.reason}.`,
  }),

  // DICOM
  NOT_DICOM: problem<{ file: string; reason: string }>({
    kind: 'input',
    retry: false,
    title: p => `${p.file} is not DICOM that can be stored`,
    remedy: p => `Export the file again from its source: ${p.reason}.`,
  }),
  FILE_UNREADABLE: problem<{ file: string; reason: string }>({
    kind: 'outside',
    retry: true,
    title: p => `${p.file} cannot be read`,
    remedy: p => `Check the disk, or run the flow again to make the file anew: ${p.reason}.`,
  }),
  DISK_LOW: problem<{ path: string; freeBytes: number; limitBytes: number }>({
    kind: 'outside',
    retry: true,
    title: p =>
      `${Math.floor(p.freeBytes / 2 ** 20)} MiB free at ${p.path}; nothing is received below ${Math.floor(p.limitBytes / 2 ** 20)} MiB`,
    remedy: () => 'Free disk space, shorten retention, or move the data directory.',
    action: () => '/settings',
  }),
  STORAGE_FAILED: problem<{ path: string; reason: string }>({
    kind: 'outside',
    retry: true,
    title: p => `Writing below ${p.path} failed`,
    remedy: p => `Check the disk that holds the data directory: ${p.reason}.`,
  }),
  PEER_NOT_FOUND: problem<{ name: string }>({
    kind: 'input',
    retry: false,
    title: p => `No peer is called ${p.name}`,
    remedy: p => `Add a peer called ${p.name}, or correct the name.`,
    action: () => '/settings',
  }),
  PEER_INVALID: problem<{ name: string; field: string; expected: string }>({
    kind: 'input',
    retry: false,
    title: p => `Peer ${p.name}: ${p.field} is not valid`,
    remedy: p => `Give ${p.field} ${p.expected}.`,
    action: () => '/settings',
  }),
  PEER_UNREACHABLE: problem<{ peer: string; reason: string }>({
    kind: 'outside',
    retry: true,
    title: p => `${p.peer} does not answer`,
    remedy: p => `Check host, port and firewall of the peer: ${p.reason}.`,
  }),
  PEER_REJECTED: problem<{ peer: string; reason: string }>({
    kind: 'outside',
    retry: true,
    title: p => `${p.peer} rejected the association`,
    remedy: p => `Ask its administrator to accept our AE title and host: ${p.reason}.`,
  }),
  PEER_ABORTED: problem<{ peer: string; reason: string }>({
    kind: 'outside',
    retry: true,
    title: p => `${p.peer} aborted the association`,
    remedy: p => `Look at the log of the peer: ${p.reason}.`,
  }),
  PEER_TIMED_OUT: problem<{ peer: string; seconds: number }>({
    kind: 'outside',
    retry: true,
    title: p => `${p.peer} was silent for ${p.seconds} s`,
    remedy: () => 'Check the load of the peer, or raise the time limit in settings.',
  }),
  PEER_ACCEPTS_NOT: problem<{ peer: string; sopClass: string; transferSyntax: string }>({
    kind: 'outside',
    retry: true,
    title: p => `${p.peer} accepts no ${p.sopClass} in ${p.transferSyntax}`,
    remedy: () => 'Configure the peer to accept this SOP class and transfer syntax, or send to another peer.',
  }),
  PEER_REFUSED_INSTANCE: problem<{ peer: string; status: string; words: string }>({
    kind: 'outside',
    retry: true,
    title: p => `${p.peer} answered ${p.status}: ${p.words}`,
    remedy: () => 'Look at the log of the peer for this SOP Instance UID.',
  }),
  BREAKER_OPEN: problem<{ destination: string; nextTryAt: number }>({
    kind: 'outside',
    retry: true,
    title: p => `${p.destination} keeps failing; next try ${new Date(p.nextTryAt).toISOString()}`,
    remedy: () => 'Repair the destination, then press Try now, or wait for the next try.',
  }),
  FOLDER_UNWRITABLE: problem<{ path: string; reason: string }>({
    kind: 'outside',
    retry: true,
    title: p => `Cannot write to folder ${p.path}`,
    remedy: p => `Create the folder and give Gantry write access: ${p.reason}.`,
  }),

  // Log
  LOG_PATTERN_INVALID: problem<{ reason: string }>({
    kind: 'input',
    retry: false,
    title: p => `The search is no regular expression: ${p.reason}`,
    remedy: () => 'Correct the expression, or search for it as text.',
  }),
  LOG_SEARCH_TOO_LONG: problem<{ seconds: number }>({
    kind: 'input',
    retry: false,
    title: p => `The search took over ${p.seconds} s for one file`,
    remedy: () => 'Simplify the expression: repetitions inside repetitions can take for ever.',
  }),

  DEFECT: problem<Record<never, never>>({
    kind: 'defect',
    retry: false,
    title: () => 'Gantry made a mistake',
    remedy: () => 'Report the trace id with the lines of the log around it.',
  }),
} as const;

export type ProblemCode = keyof typeof problems;
export type ProblemParams<C extends ProblemCode> = Parameters<(typeof problems)[C]['title']>[0];

/** A problem as it crosses a process or is stored: words included, so that scripts need no catalogue. */
export interface Problem {
  code: ProblemCode;
  kind: ProblemKind;
  params: Record<string, unknown>;
  title: string;
  remedy: string;
  action?: string;
  traceId?: string;
}

/** Composes the stored form of a problem. */
export function describe<C extends ProblemCode>(code: C, params: ProblemParams<C>, traceId?: string): Problem {
  const declared = problems[code] as unknown as Declared<ProblemParams<C>>;
  const action = declared.action?.(params);
  return {
    code,
    kind: declared.kind,
    params: params as Record<string, unknown>,
    title: declared.title(params),
    remedy: declared.remedy(params),
    ...(action ? { action } : {}),
    ...(traceId ? { traceId } : {}),
  };
}

/** The one error class. Rooms translate at their border; the library's own error is kept as `cause`. */
export class AppError<C extends ProblemCode = ProblemCode> extends Error {
  readonly code: C;
  readonly params: ProblemParams<C>;

  constructor(code: C, params: ProblemParams<C>, options?: { cause?: unknown }) {
    super(describe(code, params).title, options);
    this.name = 'AppError';
    this.code = code;
    this.params = params;
  }

  get problem(): Problem {
    return describe(this.code, this.params);
  }
}

/** Any thrown thing as a problem; what is not ours is a DEFECT. */
export function problemOf(error: unknown, traceId?: string): Problem {
  if (error instanceof AppError) return { ...error.problem, ...(traceId ? { traceId } : {}) };
  return describe('DEFECT', {}, traceId);
}
