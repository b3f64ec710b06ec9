import { AppError, describe, problemOf } from '../../../shared/problems.ts';
import type { EchoResult } from '../../../shared/schemas/peers.ts';
import type { Settings } from '../settings/index.ts';
import { commandField, status as dimseStatus } from './command-set.ts';
import { type Endpoint, endpointText } from './connect-peer.ts';
import { openAssociation } from './requestor.ts';
import { statusHex, statusText } from './status.ts';
import { transferSyntax } from './transfer-syntax.ts';
import { sopClassName, transferSyntaxName } from './uid-names.ts';

/** Verification SOP class, PS3.4 Annex A. */
export const verificationSopClass = '1.2.840.10008.1.1';

export type Echo = (peer: Endpoint, signal?: AbortSignal) => Promise<EchoResult>;

/**
 * C-ECHO, PS3.7 §9.1.5. Never throws: what went wrong is in `problem`. Spoken over the sender's own association, so
 * that a test of a peer fails for the very reasons for which sending to it would.
 */
export function createEcho({ settings }: { settings: Pick<Settings, 'get'> }): Echo {
  return async (peer, signal) => {
    const implicit = transferSyntax.implicitLittleEndian;
    const start = performance.now();
    const took = () => Math.round(performance.now() - start);
    try {
      const association = await openAssociation({
        peer,
        callingAe: settings.get('AE_TITLE'),
        contexts: [{ id: 1, abstractSyntax: verificationSopClass, transferSyntaxes: [implicit] }],
        timeout: Math.min(settings.get('SEND_TIMEOUT'), 15),
        signal,
      });
      if (!association.accepted.has(1)) {
        await association.release();
        const [sopClass, syntax] = [sopClassName(verificationSopClass), transferSyntaxName(implicit)];
        throw new AppError('PEER_ACCEPTS_NOT', { peer: endpointText(peer), sopClass, transferSyntax: syntax });
      }
      const response = await association.request(1, {
        commandField: commandField.cEchoRq,
        messageId: 1,
        affectedSopClassUid: verificationSopClass,
        hasDataSet: false,
      });
      await association.release();
      const status = response.status ?? dimseStatus.cannotUnderstand;
      if (status === dimseStatus.success)
        return { ok: true, status: statusHex(status), milliseconds: took(), problem: null };
      const refused = { peer: endpointText(peer), status: statusHex(status), words: statusText(status) };
      const problem = describe('PEER_REFUSED_INSTANCE', refused);
      return { ok: false, status: refused.status, milliseconds: took(), problem };
    } catch (error) {
      return { ok: false, status: null, milliseconds: took(), problem: problemOf(error) };
    }
  };
}
