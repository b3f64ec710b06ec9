import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine, type Engine } from '../../../electron/core/docker/index.ts';
import { createLogHub } from '../../../electron/core/logs/index.ts';
import { imageListSchema, type PullProgress, pullProgressSchema } from '../../../shared/schemas/images.ts';
import { eventually } from '../../helpers/dcmtk.ts';

const log = createLogHub();
const open = (address: string) => createEngine({ address, installationId: `images-${process.pid}`, log });
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    error => error.code,
  );
async function all(steps: AsyncGenerator<PullProgress>): Promise<PullProgress[]> {
  const found: PullProgress[] = [];
  for await (const step of steps) found.push(pullProgressSchema.parse(step));
  return found;
}

describe('images of the real engine', () => {
  const engine = open('');
  it('are listed by name', async () => {
    const { items } = imageListSchema.parse(await engine.images.list());
    expect(items.map(image => image.name)).toContain('busybox:latest');
    expect(items.every(image => image.bytes > 0 && image.createdAt > 0)).toBe(true);
  });

  it('cannot be pulled when no registry has them', async () => {
    const image = `127.0.0.1:9/nowhere/${process.pid}:1`;
    expect(await codeOf(all(engine.images.pulling(image, undefined)))).toBe('IMAGE_PULL_FAILED');
  });
});

/** No registry is sure to be there: what an engine says of a pull is said by a server of the test. */
describe('a pull', () => {
  let engine: Engine;
  let answer: (response: ServerResponse) => void;
  let asked = '';
  const server = createServer((request, response) => {
    asked = request.url ?? '';
    response.writeHead(200, { 'Content-Type': 'application/json' });
    answer(response);
  });
  const say = (response: ServerResponse, event: object) => response.write(`${JSON.stringify(event)}\r\n`);
  const layer = (id: string, status: string, current: number, total: number) => ({
    id,
    status,
    progressDetail: { current, total },
  });

  beforeAll(async () => {
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    engine = open(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterAll(() => server.close());

  it('tells how much of all layers is there, and never less than before', async () => {
    answer = async response => {
      say(response, { status: 'Pulling from library/x', id: 'latest' });
      say(response, layer('a', 'Downloading', 10, 100));
      say(response, layer('b', 'Downloading', 50, 50));
      await new Promise(resolve => setTimeout(resolve, 400));
      say(response, layer('a', 'Downloading', 90, 100));
      say(response, layer('b', 'Extracting', 5, 50));
      await new Promise(resolve => setTimeout(resolve, 400));
      response.end();
    };
    const steps = await all(engine.images.pulling('x', undefined));
    expect(asked).toContain('fromImage=x');
    expect(asked).toContain('latest');
    expect(steps.some(step => step.doneBytes === 60 && step.totalBytes === 150 && !step.ended)).toBe(true);
    expect(steps.some(step => step.doneBytes === 140 && step.text === 'b: Extracting')).toBe(true);
    expect(steps.map(step => step.doneBytes)).toEqual(steps.map(step => step.doneBytes).toSorted((a, b) => a - b));
    expect(steps.at(-1)).toMatchObject({ ended: true, doneBytes: 150, totalBytes: 150 });
  });

  it('fails with the words of the engine', async () => {
    answer = response => {
      say(response, { error: 'manifest unknown' });
      response.end();
    };
    await expect(all(engine.images.pulling('x', undefined))).rejects.toMatchObject({
      code: 'IMAGE_PULL_FAILED',
      params: { reason: 'manifest unknown' },
    });
  });

  it('is stopped at the engine when nobody listens any more', async () => {
    let gone = false;
    answer = response => {
      say(response, layer('a', 'Downloading', 1, 100));
      response.on('close', () => {
        gone = true;
      });
    };
    for await (const step of engine.images.pulling('x', undefined)) if (step.totalBytes === 100) break;
    await eventually(() => gone, 'the end of the request');
  });
});
