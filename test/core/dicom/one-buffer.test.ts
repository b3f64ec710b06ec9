import { createHash, randomBytes } from 'node:crypto';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { readIntoOneBuffer } from '../../../electron/core/dicom/one-buffer.ts';

it('reads everything into the same memory, also after pauses, and tells the end', async () => {
  const hash = createHash('sha256');
  const memory = new Set<ArrayBufferLike>();
  const ended = Promise.withResolvers<void>();
  let pieces = 0;
  const server = createServer((socket: Socket) => {
    readIntoOneBuffer(socket, 10_000, piece => {
      hash.update(piece);
      memory.add(piece.buffer);
      if (++pieces % 50 > 0) return;
      socket.pause();
      setTimeout(() => socket.resume(), 1);
    });
    socket.on('close', () => ended.resolve());
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const bytes = randomBytes(3_000_000);
  connect((server.address() as AddressInfo).port, '127.0.0.1').end(bytes);
  await ended.promise;
  server.close();
  expect(hash.digest()).toEqual(createHash('sha256').update(bytes).digest());
  expect(memory.size).toBe(1);
});
