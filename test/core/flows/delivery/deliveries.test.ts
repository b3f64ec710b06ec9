import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Destination } from '../../../../shared/schemas/flows.ts';
import { ended, eventually, freePort, startStorescp } from '../../../helpers/dcmtk.ts';
import { type DeliveryBed, openDeliveryBed } from '../../../helpers/delivery-bed.ts';
import { type Script, type ScriptedScp, startScriptedScp } from '../../../helpers/scripted-scp.ts';

describe('deliveries', () => {
  const ends: (() => Promise<unknown> | unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  function open(values: DeliveryBed['values'] = {}): DeliveryBed {
    const bed = openDeliveryBed(values);
    ends.push(bed.stop);
    return bed;
  }
  async function scripted(script: Script = {}): Promise<ScriptedScp> {
    const peer = await startScriptedScp(script);
    ends.push(peer.stop);
    return peer;
  }
  const to = (port: number): Destination => ({ kind: 'dicom', host: '127.0.0.1', port, aeTitle: 'STORESCP' });
  const text = (port: number) => `dicom://STORESCP@127.0.0.1:${port}`;
  const counts = (bed: DeliveryBed, id: number) => bed.deliveries.counts([id]).get(id);
  const sopUids = (peer: ScriptedScp) => peer.received.map(({ command }) => command.affectedSopInstanceUid);

  it('are confirmed by the peer, per instance and destination, and then the run is settled', async () => {
    const bed = open();
    const [one, two] = [
      await startStorescp(join(bed.directory, 'one')),
      await startStorescp(join(bed.directory, 'two')),
    ];
    ends.push(one.stop, two.stop);
    const run = bed.run(5, [to(one.port), to(two.port)]);
    await eventually(() => bed.settled.includes(run.id), 'settled');
    expect(counts(bed, run.id)).toEqual({ total: 10, confirmed: 10, failed: 0 });
    for (const item of bed.of(run.id)) {
      expect(item).toMatchObject({
        status: '0x0000',
        statusText: 'Success',
        confirmed: true,
        attempts: 1,
        problem: null,
      });
      expect(item.confirmedAt).toBeGreaterThan(Date.now() - 60_000);
    }
    expect(bed.of(run.id).map(item => item.destination)).toEqual([
      ...Array(5).fill(text(one.port)),
      ...Array(5).fill(text(two.port)),
    ]);
    expect([one.received().length, two.received().length]).toEqual([5, 5]);
    expect(bed.settled).toEqual([run.id]);
  });

  it('planned twice are the same rows', async () => {
    const bed = open();
    const port = await freePort();
    const run = bed.run(3, [to(port), to(port)]);
    const files = bed.of(run.id).slice(0, 3);
    const again = files.map(({ file, sopInstanceUid }) => ({
      file,
      sopInstanceUid,
      sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
      transferSyntaxUid: '1.2.840.10008.1.2.1',
    }));
    bed.deliveries.plan(run.id, [to(port), to(port)], again);
    expect(counts(bed, run.id)?.total).toBe(6);
  });

  it('go again when the peer is down, and arrive when it is up', async () => {
    const bed = open();
    const port = await freePort();
    const run = bed.run(2, [to(port)]);
    await eventually(() => bed.of(run.id).every(item => item.attempts >= 2), 'two attempts');
    for (const item of bed.of(run.id)) {
      expect(item).toMatchObject({ confirmed: false, status: null, statusText: 'No answer' });
      expect(item.problem).toMatchObject({ code: 'PEER_UNREACHABLE' });
      expect(item.nextAt).toBeGreaterThan(item.lastAt ?? 0);
    }
    expect(bed.deliveries.waiting(run.id)).toMatchObject({ code: 'PEER_UNREACHABLE' });
    const peer = await startStorescp(join(bed.directory, 'late'), { port });
    ends.push(peer.stop);
    await eventually(() => bed.settled.includes(run.id), 'settled');
    expect(counts(bed, run.id)).toEqual({ total: 2, confirmed: 2, failed: 0 });
    expect(bed.deliveries.waiting(run.id)).toBeNull();
  });

  it('wait longer each time, and fail after the last attempt', async () => {
    const bed = open({ RETRY_FIRST: 0.05, RETRY_MAX: 0.15, RETRY_ATTEMPTS: 4 });
    const run = bed.run(2, [to(await freePort())]);
    await eventually(() => bed.settled.includes(run.id), 'settled');
    for (const item of bed.of(run.id))
      expect(item).toMatchObject({ failed: true, confirmed: false, attempts: 4, nextAt: null });
    expect(counts(bed, run.id)).toEqual({ total: 2, confirmed: 0, failed: 2 });

    const peer = await scripted();
    bed.db.prepare('UPDATE deliveries SET destination = ?').run(text(peer.port));
    bed.deliveries.retry(run.id);
    bed.deliveries.wake();
    await eventually(() => bed.settled.length === 2, 'settled again');
    expect(counts(bed, run.id)).toEqual({ total: 2, confirmed: 2, failed: 0 });
  });

  it('send again only what is not confirmed', async () => {
    const peer = await scripted({ reply: index => (index === 1 || index === 3 ? 0xa700 : index === 2 ? 0xb000 : 0) });
    const bed = open();
    const run = bed.run(4, [to(peer.port)]);
    await eventually(() => bed.settled.includes(run.id), 'settled');
    const [first, second, third, fourth] = run.uids;
    expect(sopUids(peer)).toEqual([first, second, third, fourth, second, fourth]);
    const items = bed.of(run.id);
    expect(items.map(item => item.attempts)).toEqual([1, 2, 1, 2]);
    expect(items[2]).toMatchObject({
      status: '0xB000',
      statusText: 'Warning: coercion of data elements',
      confirmed: true,
    });
  });

  it('are not held up by the one on which the peer falls over', async () => {
    const bed = open({ RETRY_ATTEMPTS: 3 });
    let poison = '';
    const peer = await scripted({
      reply: (_, command) => (command.affectedSopInstanceUid === poison ? 'abort' : 0),
    });
    const run = bed.run(0, []);
    const again = bed.run(6, [to(peer.port)]);
    poison = again.uids[2] as string;
    expect(run.uids).toEqual([]);
    await eventually(() => bed.settled.includes(again.id), 'settled');
    const items = bed.of(again.id);
    expect(items.map(item => item.confirmed)).toEqual([true, true, false, true, true, true]);
    expect(items[2]).toMatchObject({ failed: true, attempts: 3, problem: { code: 'PEER_ABORTED' } });
    expect(items[5]?.attempts).toBe(1);
    expect(sopUids(peer).filter(uid => uid === again.uids[5])).toHaveLength(1);
  });

  it('continue after a crash with what has no answer yet', async () => {
    const bed = open({ SEND_TIMEOUT: 30 });
    const peer = await scripted({ reply: index => (index === 7 ? 'hang' : 0) });
    const run = bed.run(12, [to(peer.port)]);
    await eventually(
      () => counts(bed, run.id)?.confirmed === 7,
      'results are written while the association lasts',
      3000,
    );
    expect(bed.settled).toEqual([]);
    // The new life knows only the rows. The old one hangs for as long as its peer does.
    bed.restart();
    await eventually(() => bed.settled.includes(run.id), 'settled');
    const sent = sopUids(peer);
    for (const uid of run.uids.slice(0, 7)) expect(sent.filter(item => item === uid)).toHaveLength(1);
    expect(sent.slice(8)).toEqual(run.uids.slice(7));
    expect(counts(bed, run.id)).toEqual({ total: 12, confirmed: 12, failed: 0 });
  });

  it('stop at once, with an abort to the peer, and leave the rest to the next start', async () => {
    const bed = open({ SEND_TIMEOUT: 30 });
    const peer = await scripted({ reply: index => (index === 1 ? 'hang' : 0) });
    const run = bed.run(3, [to(peer.port)]);
    await eventually(() => peer.received.length === 2, 'the second instance');
    const began = performance.now();
    await bed.deliveries.stop();
    expect(performance.now() - began).toBeLessThan(1000);
    await eventually(() => peer.ends.includes('abort'), 'the abort', 2000);
    expect(bed.of(run.id).map(item => [item.confirmed, item.attempts])).toEqual([
      [true, 1],
      [false, 0],
      [false, 0],
    ]);
    bed.restart();
    await eventually(() => bed.settled.includes(run.id), 'settled');
  });

  it('of a cancelled run are not tried any more, but what the peer confirmed stays confirmed', async () => {
    const bed = open({ SEND_TIMEOUT: 30 });
    const peer = await scripted({ reply: index => (index === 1 ? 'hang' : 0) });
    const run = bed.run(3, [to(peer.port)]);
    await eventually(() => peer.received.length === 2, 'the second instance');
    bed.deliveries.cancel(run.id);
    await eventually(() => peer.ends.includes('abort'), 'the abort', 2000);
    await eventually(() => counts(bed, run.id)?.confirmed === 1, 'kept', 2000);
    expect(counts(bed, run.id)).toEqual({ total: 3, confirmed: 1, failed: 2 });
    await new Promise(resolve => setTimeout(resolve, 800));
    expect(peer.received).toHaveLength(2);
  });

  it('to a peer by name go where it is by then, and wait while there is none', async () => {
    const bed = open({ RETRY_FIRST: 600, RETRY_MAX: 600, BREAKER_FAILURES: 1 });
    const run = bed.run(1, [{ kind: 'peer', peer: 'archive' }]);
    await eventually(() => bed.of(run.id)[0]?.problem?.code === 'PEER_NOT_FOUND', 'the problem');
    const peer = await scripted();
    const archive = {
      name: 'archive',
      aeTitle: 'STORESCP',
      host: '127.0.0.1',
      port: peer.port,
      tls: null,
      comment: '',
    };
    bed.peers.replace([archive]);
    await eventually(() => bed.settled.includes(run.id), 'settled');
    expect(bed.of(run.id)[0]).toMatchObject({ destination: 'peer://archive', confirmed: true });
  });

  it('of many runs to many destinations all arrive', async () => {
    const bed = open();
    const peers = [
      await scripted(),
      await scripted(),
      await scripted({ reply: index => (index % 5 === 0 ? 0xa700 : 0) }),
    ];
    const runs = Array.from({ length: 8 }, () =>
      bed.run(
        6,
        peers.map(peer => to(peer.port)),
      ),
    );
    await eventually(() => runs.every(run => bed.settled.includes(run.id)), 'all settled');
    for (const run of runs) expect(counts(bed, run.id)).toEqual({ total: 18, confirmed: 18, failed: 0 });
    expect(peers.map(peer => peer.mostAtOnce())).toEqual([1, 1, 1]);
  });

  describe('to a destination that keeps failing', () => {
    it('leave it alone for a while, say when they try next, and all go when it is back', async () => {
      const bed = open({ BREAKER_FAILURES: 3, RETRY_FIRST: 0.2, RETRY_MAX: 2, RETRY_ATTEMPTS: 100 });
      const port = await freePort();
      const first = bed.run(1, [to(port)]);
      const [breaker] = await eventually(() => {
        const open = bed.deliveries.breakers();
        return open.length > 0 ? open : null;
      }, 'the breaker opens');
      expect(breaker).toMatchObject({ destination: text(port), failures: 3, problem: { code: 'BREAKER_OPEN' } });
      expect(breaker?.nextTryAt).toBeGreaterThan(Date.now());
      expect(breaker?.problem.title).toContain(new Date(breaker?.nextTryAt ?? 0).toISOString());
      expect(breaker?.problem.remedy).toContain('does not answer');
      // A run that comes now waits too, and says so.
      const second = bed.run(3, [to(port)]);
      expect(bed.deliveries.waiting(second.id)).toMatchObject({ code: 'BREAKER_OPEN' });
      expect(bed.of(second.id)[0]).toMatchObject({ attempts: 0, nextAt: breaker?.nextTryAt });
      expect(bed.of(second.id).every(item => item.attempts === 0)).toBe(true);
      const peer = await startStorescp(join(bed.directory, 'back'), { port });
      ends.push(peer.stop);
      await eventually(() => bed.settled.length === 2, 'both settled');
      expect(bed.deliveries.breakers()).toEqual([]);
      expect(counts(bed, first.id)?.confirmed).toBe(1);
      expect(counts(bed, second.id)?.confirmed).toBe(3);
    });

    it('survive a restart without hammering it, and go at once at a word of the user', async () => {
      const bed = open({ BREAKER_FAILURES: 1, RETRY_FIRST: 600, RETRY_MAX: 1200 });
      const peer = await scripted({ reject: { result: 2, source: 3, reason: 2 } });
      const run = bed.run(2, [to(peer.port)]);
      await eventually(() => bed.deliveries.breakers().length === 1, 'the breaker opens');
      await bed.deliveries.stop();
      bed.restart();
      await new Promise(resolve => setTimeout(resolve, 700));
      expect(peer.requests).toHaveLength(1);
      expect(bed.deliveries.breakers()[0]?.nextTryAt).toBeGreaterThan(Date.now() + 500_000);
      bed.deliveries.tryNow(text(peer.port));
      await eventually(() => peer.requests.length === 2, 'a try');
      await eventually(() => bed.deliveries.breakers()[0]?.failures === 2, 'still open');
      peer.script = {};
      bed.deliveries.tryNow(text(peer.port));
      await eventually(() => bed.settled.includes(run.id), 'settled');
      expect(bed.deliveries.breakers()).toEqual([]);
    });

    it('try it with one association only', async () => {
      const bed = open({ BREAKER_FAILURES: 1, RETRY_FIRST: 0.3, SEND_ASSOCIATIONS: 4 });
      const peer = await scripted({ reject: { result: 2, source: 3, reason: 2 } });
      const run = bed.run(8, [to(peer.port)]);
      await eventually(() => bed.deliveries.breakers().length === 1, 'the breaker opens');
      expect(peer.requests).toHaveLength(4);
      peer.script = {};
      await eventually(() => bed.settled.includes(run.id), 'settled');
      expect(peer.requests).toHaveLength(5);
    });

    it('let other runs pass where only one instance is the reason', async () => {
      const bed = open({ BREAKER_FAILURES: 2, RETRY_ATTEMPTS: 6, RETRY_FIRST: 0.2, RETRY_MAX: 0.2 });
      let poison = '';
      const peer = await scripted({ reply: (_, command) => (command.affectedSopInstanceUid === poison ? 'drop' : 0) });
      const bad = bed.run(1, [to(peer.port)]);
      poison = bad.uids[0] as string;
      await eventually(() => bed.deliveries.breakers().length === 1, 'the breaker opens');
      const good = bed.run(3, [to(peer.port)]);
      await eventually(() => bed.settled.includes(good.id), 'the good run');
      expect(counts(bed, good.id)?.confirmed).toBe(3);
      await eventually(() => bed.settled.includes(bad.id), 'the bad run');
      expect(counts(bed, bad.id)).toEqual({ total: 1, confirmed: 0, failed: 1 });
    });
  });

  it('survive a storescp that is killed and started again and again', { timeout: 60_000 }, async () => {
    const bed = open({ RETRY_FIRST: 0.1, RETRY_MAX: 0.2, RETRY_ATTEMPTS: 200 });
    const [port, directory] = [await freePort(), join(bed.directory, 'killed')];
    mkdirSync(directory);
    const start = () => spawn('storescp', ['-od', directory, '+B', '+xa', String(port)], { stdio: 'ignore' });
    let child = start();
    ends.push(() => ended(child));
    const run = bed.run(150, [to(port)], 256);
    for (let life = 0; life < 6; life++) {
      await new Promise(resolve => setTimeout(resolve, 100 + life * 30));
      await ended(child);
      child = start();
    }
    await eventually(() => bed.settled.includes(run.id), 'settled', 40_000);
    expect(counts(bed, run.id)).toEqual({ total: 150, confirmed: 150, failed: 0 });
    for (const [index, uid] of run.uids.entries()) {
      const there = readFileSync(join(directory, `CT.${uid}`));
      const sent = readFileSync(run.files[index] as string);
      const pixels = (bytes: Buffer) => bytes.subarray(-256 * 256 * 2);
      expect(pixels(there).equals(pixels(sent))).toBe(true);
    }
  });
});
