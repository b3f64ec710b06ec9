import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createEcho } from '../../../electron/core/dicom/index.ts';
import { freePort, startStorescp } from '../../helpers/dcmtk.ts';
import { startScriptedScp } from '../../helpers/scripted-scp.ts';
import { settingsOf } from '../../helpers/settings-of.ts';

describe('echo', () => {
  const ends: (() => Promise<unknown> | unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  const echo = createEcho({ settings: settingsOf({ SEND_TIMEOUT: 1 }) });
  const peer = (port: number) => ({ aeTitle: 'STORESCP', host: '127.0.0.1', port, tls: null });

  it('is answered by DCMTK', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'gantry-echo-'));
    ends.push(() => rmSync(directory, { recursive: true, force: true }));
    const scp = await startStorescp(directory);
    ends.push(scp.stop);
    const result = await echo(peer(scp.port));
    expect(result).toMatchObject({ ok: true, status: '0x0000', problem: null });
    expect(result.milliseconds).toBeLessThan(5000);
  });

  it('says in words why it is not answered', async () => {
    const closed = await echo(peer(await freePort()));
    expect(closed).toMatchObject({ ok: false, status: null, problem: { code: 'PEER_UNREACHABLE' } });

    const scp = await startScriptedScp({ context: () => null });
    ends.push(scp.stop);
    const withoutVerification = await echo(peer(scp.port));
    expect(withoutVerification).toMatchObject({ ok: false, status: null, problem: { code: 'PEER_ACCEPTS_NOT' } });
    expect(withoutVerification.problem?.title).toContain('Verification');

    scp.script = { reply: () => 0x0122 };
    const refused = await echo(peer(scp.port));
    expect(refused).toMatchObject({ ok: false, status: '0x0122', problem: { code: 'PEER_REFUSED_INSTANCE' } });

    scp.script = { reply: () => 'hang' };
    expect(await echo(peer(scp.port))).toMatchObject({ ok: false, problem: { code: 'PEER_TIMED_OUT' } });

    scp.script = { reject: { result: 1, source: 1, reason: 7 } };
    const rejected = await echo(peer(scp.port));
    expect(rejected).toMatchObject({ ok: false, problem: { code: 'PEER_REJECTED' } });
    expect(rejected.problem?.remedy).toContain('called AE title not recognized');
  });

  it('ends when it is not wanted any more', async () => {
    const scp = await startScriptedScp({ mute: true });
    ends.push(scp.stop);
    const began = performance.now();
    const result = await echo(peer(scp.port), AbortSignal.timeout(50));
    expect(result.ok).toBe(false);
    expect(performance.now() - began).toBeLessThan(900);
  });
});
