import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodePdu } from '../../electron/core/dicom/pdu-encode.ts';
import { echoscu } from '../helpers/dcmtk.ts';
import { type Receiver, startReceiver } from '../helpers/receiver.ts';
import { request } from '../helpers/scripted-peer.ts';
import { fuzzPdus } from './pdu-fuzz.ts';
import { makeRandom } from './random.ts';

describe('fuzz', () => {
  let receiver: Receiver;
  beforeAll(async () => {
    receiver = await startReceiver();
  });
  afterAll(() => receiver.stop());

  it('200,000 mutated PDUs: no crash, no hang, memory flat', async () => {
    const report = await fuzzPdus(200_000, 20261121, 100_000);
    console.log(JSON.stringify(report));
    expect(report.pdus).toBeGreaterThanOrEqual(200_000);
    // The fuzz reaches past the first PDU: objects are stored and associations released.
    expect(report.stored).toBeGreaterThan(100);
    expect(report.released).toBeGreaterThan(100);
    expect(report.aborted).toBeGreaterThan(1000);
    expect(report.heapLate - report.heapEarly).toBeLessThan(100 * 2 ** 20);
  }, 180_000);

  it('random bytes over real sockets leave the listener answering', async () => {
    const random = makeRandom(7);
    const one = () =>
      new Promise<void>(resolve => {
        const socket = connect(receiver.port, '127.0.0.1');
        const timer = setTimeout(() => socket.destroy(), 500);
        socket.on('error', () => {});
        socket.on('close', () => {
          clearTimeout(timer);
          resolve();
        });
        socket.on('data', () => {});
        if (random.below(2))
          socket.write(
            encodePdu(
              request([{ id: 1, abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] }]),
            ),
          );
        socket.write(random.bytes(1 + random.below(4000)));
        if (random.below(2)) socket.end();
      });
    for (let round = 0; round < 25; round++) await Promise.all(Array.from({ length: 20 }, one));
    expect((await echoscu(receiver.port)).code).toBe(0);
    expect(receiver.listener.status().openAssociations).toBe(0);
  }, 60_000);
});
