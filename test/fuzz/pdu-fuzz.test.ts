import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { encodePdu } from '../../electron/core/dicom/pdu-encode.ts';
import { echoscu, eventually } from '../helpers/dcmtk.ts';
import { startReceiver } from '../helpers/receiver.ts';
import { request } from '../helpers/scripted-peer.ts';
import { fuzzPdus } from './pdu-fuzz.ts';
import { makeRandom } from './random.ts';

it('200,000 random and mutated PDUs neither crash nor hang the listener, nor stay in memory', async () => {
  const report = await fuzzPdus(200_000, 20261121);
  console.log(`fuzz: ${JSON.stringify(report)}`);
  expect(report.pdus).toBeGreaterThanOrEqual(200_000);
  expect(report.overSockets).toBeGreaterThan(100);
  // The streams reach every part: acceptance, rejection, responses, releases, aborts and whole data sets.
  for (const type of [2, 3, 4, 6, 7]) expect(report.answers[type]).toBeGreaterThan(100);
  expect(report.stored).toBeGreaterThan(1000);
  expect(report.longestMs).toBeLessThan(5000);
  expect(report.memoryMb[1] - report.memoryMb[0]).toBeLessThan(32);
}, 180_000);

it('random bytes over many sockets at once leave the listener answering', async () => {
  const receiver = await startReceiver();
  const random = makeRandom(7);
  const opening = encodePdu(
    request([{ id: 1, abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] }]),
  );
  const one = () =>
    new Promise<void>(resolve => {
      const socket = connect(receiver.port, '127.0.0.1');
      const timer = setTimeout(() => socket.destroy(), 500);
      socket.on('error', () => {});
      socket.on('data', () => {});
      socket.on('close', () => {
        clearTimeout(timer);
        resolve();
      });
      if (random.below(2)) socket.write(opening);
      socket.write(random.bytes(1 + random.below(4000)));
      if (random.below(2)) socket.end();
    });
  try {
    for (let round = 0; round < 25; round++) await Promise.all(Array.from({ length: 20 }, one));
    expect((await echoscu(receiver.port)).code).toBe(0);
    await eventually(() => receiver.listener.status().openAssociations === 0, 'every association is over');
  } finally {
    await receiver.stop();
  }
}, 60_000);
