import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ended } from '../../../helpers/dcmtk.ts';
import { openDeliveryBed } from '../../../helpers/delivery-bed.ts';
import { seeded } from '../../../helpers/flow-text.ts';
import { startScriptedScp } from '../../../helpers/scripted-scp.ts';

const script = join(import.meta.dirname, '../../../helpers/delivery-process.ts');

describe('deliveries that are killed', () => {
  const ends: (() => Promise<unknown> | unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  it('never say sent of what the peer does not have, and bring everything', { timeout: 90_000 }, async () => {
    const random = seeded(7);
    const bed = openDeliveryBed();
    ends.push(bed.stop);
    const peer = await startScriptedScp({ delayMs: 3 });
    ends.push(peer.stop);
    await bed.deliveries.stop();
    const run = bed.run(400, [{ kind: 'dicom', host: '127.0.0.1', port: peer.port, aeTitle: 'STORESCP' }], 64);
    const confirmed = () => bed.of(run.id).filter(item => item.confirmed);
    const start = async () => {
      const child = spawn(process.execPath, [script, bed.directory], { stdio: ['ignore', 'pipe', 'inherit'] });
      ends.push(() => ended(child));
      await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
      return child;
    };
    const kills = 8;
    let interrupted = 0;
    for (let kill = 0; kill < kills; kill++) {
      const child = await start();
      await new Promise(resolve => setTimeout(resolve, 20 + random() * 120));
      await ended(child);
      const there = new Set(peer.received.map(({ command }) => command.affectedSopInstanceUid));
      for (const item of confirmed()) expect(there.has(item.sopInstanceUid)).toBe(true);
      if (confirmed().length < run.uids.length) interrupted++;
    }
    expect(interrupted).toBeGreaterThan(0);
    const last = await start();
    if (last.exitCode === null) await once(last, 'exit');
    expect(last.exitCode).toBe(0);
    expect(confirmed()).toHaveLength(400);
    const there = peer.received.map(({ command }) => command.affectedSopInstanceUid);
    expect(new Set(there)).toEqual(new Set(run.uids));
    // At most a group of results is lost with each life, and what was on its way.
    expect(there.length).toBeLessThanOrEqual(400 + kills * 60);
  });
});
