/** Reason of an AbortSignal when the core stops in order: work is left so that the next start resumes it. */
export class Shutdown extends Error {
  override name = 'Shutdown';
}

/** Reason of an AbortSignal when somebody cancelled: nothing is left behind. */
export class Cancelled extends Error {
  override name = 'Cancelled';
}
