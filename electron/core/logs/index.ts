/** The log room: one hub that every room writes to and every window follows. */
export type { LogHub, LogLevel } from './log-hub.ts';
export { createLogHub } from './log-hub.ts';
