import { EventEmitter } from 'node:events';
import type { MessagePort } from 'node:worker_threads';

/** A port as Electron's main and utility processes have it: `on('message', { data })`, and nothing of the DOM. */
export function mainPort(port: MessagePort) {
  const events = new EventEmitter();
  // Attaching a listener starts Node's port; Electron's is started by hand, and holds messages until then.
  const start = () => {
    port.on('message', data => events.emit('message', { data, ports: [] }));
    port.on('close', () => events.emit('close'));
  };
  const made = {
    raw: port,
    on: (name: string, hear: (event: unknown) => void) => {
      events.on(name, hear);
      return made;
    },
    postMessage: (message: unknown) => port.postMessage(message),
    start,
    close: () => port.close(),
  };
  return made;
}
export type MainPort = ReturnType<typeof mainPort>;
