import type { Socket } from 'node:net';

/**
 * Reads a socket into one buffer, again and again: `data` gets a view that is good until it returns. Memory for every
 * piece that arrives, made and collected, took a third of the time of receiving.
 *
 * Node has this (`onread`) for connections that one makes, and inside for those that one accepts; where a version of
 * Node has other insides, and with TLS, every piece gets its own memory.
 */
export function readIntoOneBuffer(socket: Socket, bytes: number, data: (piece: Buffer) => void): void {
  const inside = insideOf(socket);
  if (!inside) {
    socket.on('data', data);
    return;
  }
  const buffer = Buffer.allocUnsafeSlow(bytes);
  inside.set('kBuffer', buffer);
  inside.set('kBufferCb', (count: number) => {
    data(buffer.subarray(0, count));
    return true;
  });
  inside.handle.useUserBuffer(buffer);
}

interface Inside {
  handle: { useUserBuffer(buffer: Buffer): void };
  set(name: 'kBuffer' | 'kBufferCb', value: unknown): void;
}

function insideOf(socket: Socket): Inside | undefined {
  const { _handle: handle } = socket as { _handle?: Partial<Inside['handle']> | null };
  const keys = Object.getOwnPropertySymbols(socket);
  const [buffer, callback] = ['kBuffer', 'kBufferCb'].map(name => keys.find(({ description }) => description === name));
  // A TLS socket decrypts into memory of its own; it has no buffer to set here.
  if (!buffer || !callback || 'encrypted' in socket || typeof handle?.useUserBuffer !== 'function') return undefined;
  const set: Inside['set'] = (name, value) =>
    Object.assign(socket, { [name === 'kBuffer' ? buffer : callback]: value });
  return { handle: handle as Inside['handle'], set };
}
