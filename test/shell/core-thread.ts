import { EventEmitter } from 'node:events';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { mainPort } from './main-port.ts';

/** Stands in for Electron's utility process: `process.parentPort` over a thread, then the program itself. */
const thread = parentPort;
if (!thread) throw new Error('runs as a thread only');
const port = Object.assign(new EventEmitter(), { postMessage: (message: unknown) => thread.postMessage(message) });
thread.on('message', ({ message, ports }: { message: unknown; ports: MessagePort[] }) =>
  port.emit('message', { data: message, ports: ports.map(mainPort) }),
);
Object.assign(process, { parentPort: port });
await import(workerData as string);
