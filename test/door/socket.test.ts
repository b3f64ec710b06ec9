import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Contract } from '../../shared/contract.ts';
import { eventually } from '../helpers/dcmtk.ts';
import { type OpenDoor, openDoor } from '../helpers/open-door.ts';

let door: OpenDoor;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(() => door.close());

interface Way {
  token?: string;
  path?: string;
  headers?: Record<string, string>;
}

/** Opens the socket, or tells the status it was refused with. */
function dial({ token = door.token, path = '/rpc', headers = {} }: Way = {}): Promise<WebSocket | number> {
  return new Promise((resolve, reject) => {
    const address = `ws://127.0.0.1:${door.port}${path}`;
    const socket = new WebSocket(address, token === '' ? [] : [`token.${token}`], { headers });
    socket.on('open', () => resolve(socket));
    socket.on('unexpected-response', (_request, answer) => {
      resolve(answer.statusCode ?? 0);
      socket.terminate();
    });
    socket.on('error', reject);
  });
}

async function opened(): Promise<{ socket: WebSocket; client: ContractRouterClient<Contract> }> {
  const socket = await dial();
  if (typeof socket === 'number') throw new Error(`refused with ${socket}`);
  const link = new RPCLink({ websocket: socket as unknown as globalThis.WebSocket });
  return { socket, client: createORPCClient(link) };
}

const closed = (socket: WebSocket) => new Promise<number>(resolve => socket.once('close', resolve));

describe('the socket', () => {
  it('opens for our own page with the token alone', async () => {
    expect(await dial({ token: 'wrong' })).toBe(401);
    expect(await dial({ token: '' })).toBe(401);
    expect(await dial({ headers: { Origin: 'http://evil.example' } })).toBe(403);
    expect(await dial({ headers: { Host: 'evil.example' } })).toBe(421);
    expect(await dial({ path: '/other' })).toBe(404);
    const socket = (await dial({ headers: { Origin: door.origin } })) as WebSocket;
    expect(socket.protocol).toBe(`token.${door.token}`);
    socket.terminate();
  });

  it('carries calls, their problems and their streams', async () => {
    const { socket, client } = await opened();
    expect((await client.studies.list({})).total).toBe(0);
    await expect(client.runs.get({ id: 4711 })).rejects.toMatchObject({
      code: 'PROBLEM',
      data: { code: 'RUN_NOT_FOUND' },
    });
    const lines = await client.logs.follow({ after: 0 });
    door.core.log.info('test', 'to be followed');
    for await (const { lines: some } of lines) if (some.some(({ line }) => line === 'to be followed')) break;
    socket.close();
  });

  it('ends the streams of a client that is gone, and serves it again when it comes back', async () => {
    const { socket, client } = await opened();
    let ended = 0;
    const follow = door.core.log.follow;
    door.core.log.follow = async function* (after, signal) {
      try {
        yield* follow(after, signal);
      } finally {
        ended++;
      }
    };
    const stream = await client.logs.follow({ after: 0 });
    door.core.log.info('test', 'one');
    await stream.next();
    const waiting = stream.next().then(
      () => 'another item or the end',
      () => 'the connection',
    );
    socket.terminate();
    await eventually(() => ended === 1, 'the stream ends in the core');
    await waiting;
    const back = await opened();
    expect((await back.client.studies.list({})).total).toBe(0);
    back.socket.close();
  });

  it('closes on a frame that is too large or makes no sense, and lives', async () => {
    const large = await dial();
    if (typeof large === 'number') throw new Error('refused');
    large.on('error', () => {});
    large.send(Buffer.alloc(2 * 2 ** 20 + 1));
    await closed(large);
    const wrong = await dial();
    if (typeof wrong === 'number') throw new Error('refused');
    wrong.send('this is no call');
    wrong.send(Buffer.from([0, 1, 2, 255]));
    wrong.send('{"i":"1","t":99,"p":{}}');
    const { socket, client } = await opened();
    expect((await client.studies.list({})).total).toBe(0);
    socket.close();
    wrong.terminate();
  });

  it('is closed when the door stops', async () => {
    const { socket } = await opened();
    const end = closed(socket);
    await door.close();
    await end;
    door = await openDoor();
  });
});
