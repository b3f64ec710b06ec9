import { problemOf } from '../../../shared/problems.ts';
import type { EchoResult } from '../../../shared/schemas/peers.ts';
import type { Settings } from '../settings/index.ts';
import { commandField } from './command-set.ts';
import { type Endpoint, openAssociation } from './requestor.ts';
import { statusHex } from './status.ts';

/** Verification SOP class, PS3.4 Annex A. */
export const verificationSopClass = '1.2.840.10008.1.1';

export type Echo = (peer: Endpoint, signal?: AbortSignal) => Promise<EchoResult>;

/**
 * C-ECHO, PS3.7 §9.1.5. Never throws: what went wrong is in `problem`. Spoken over the sender's own association, so
 * that a test of a peer fails for the very reasons for which sending to it would.
 */
export function createEcho({ settings }: { settings: Pick<Settings, 'get'> }): Echo {
  return async (peer, signal) => {
    const start = performance.now();
    const took = () => Math.round(performance.now() - start);
    try {
      const association = await openAssociation({
        peer,
        callingAe: settings.get('AE_TITLE'),
        contexts: [{ id: 1, abstractSyntax: verificationSopClass, transferSyntaxes: ['1.2.840.10008.1.2'] }],
        timeout: Math.min(settings.get('SEND_TIMEOUT'), 15),
        signal,
      });
      const response = await association.request(1, {
        commandField: commandField.cEchoRq,
        messageId: 1,
        affectedSopClassUid: verificationSopClass,
        hasDataSet: false,
      });
      await association.release();
      const status = response.status ?? -1;
      return { ok: status === 0, status: statusHex(status), milliseconds: took(), problem: null };
    } catch (error) {
      return { ok: false, status: null, milliseconds: took(), problem: problemOf(error) };
    }
  };
}
