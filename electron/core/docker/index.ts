/**
 * The Docker room: one engine, what it is and what it can do; the only user of dockerode.
 * Every call has a time limit, and every error leaves as a problem of ours.
 */
export { type ArchiveEntry, extractTar, packTar } from './archive.ts';
export type { ContainerOrder, Containers, OurContainer } from './containers.ts';
export { createEngine, type Engine, type EngineStatus } from './engine.ts';
