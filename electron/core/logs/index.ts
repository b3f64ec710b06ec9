/** The log room: one hub that every room writes to, and one store of all lines that every window reads. */
export type { LogHub, LogLevel } from './log-hub.ts';
export { createLogHub } from './log-hub.ts';
export { type LogStore, openLogStore } from './log-store.ts';
export { hubSource, isOf, type LineSource, levelInText, type NewLine } from './records.ts';
