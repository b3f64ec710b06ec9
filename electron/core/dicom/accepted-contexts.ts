import { type AnsweredContext, contextResult, type ProposedContext } from './pdu.ts';
import { transferSyntax } from './transfer-syntax.ts';

export const verification = '1.2.840.10008.1.1';

/**
 * Standard SOP classes that are not stored with C-STORE, PS3.6 table A-1. Everything else, also what is private or of
 * tomorrow, is taken for a storage class. Query, retrieve and worklist join here when their handlers do.
 */
const otherServices = [
  /^1\.2\.840\.10008\.1\.(3\.10|9|20(\..+)?|40(\..+)?|42(\..+)?)$/,
  /^1\.2\.840\.10008\.3\.1\./,
  /^1\.2\.840\.10008\.5\.1\.1\.(?!(27|29|30)$)/,
  /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.(200\.[456]|201\.[2-6])$/,
  /^1\.2\.840\.10008\.5\.1\.4\.1\.[23]\./,
  /^1\.2\.840\.10008\.5\.1\.4\.(31|33|41|42)(\..+)?$/,
  /^1\.2\.840\.10008\.5\.1\.4\.32(\..+)?$/,
  /^1\.2\.840\.10008\.5\.1\.4\.34(\.(?!(1|7|10)$).+)?$/,
  /^1\.2\.840\.10008\.5\.1\.4\.37(\..+)?$/,
  /^1\.2\.840\.10008\.5\.1\.4\.(38|39|43|44|45)(\.(?!1$).+)?$/,
];

/** PS3.5 §9.1, with leading zeros and longer ones forgiven. */
const uidForm = /^[0-9.]{1,128}$/;

/** What an accepted presentation context is used for. */
export type Service = 'verification' | 'storage';

export function serviceOf(abstractSyntax: string): Service | undefined {
  if (abstractSyntax === verification) return 'verification';
  if (!uidForm.test(abstractSyntax)) return undefined;
  return otherServices.some(pattern => pattern.test(abstractSyntax)) ? undefined : 'storage';
}

/** The answer to a proposed context: the first transfer syntax, for a sender names first what it has. */
export function answerContext({ id, abstractSyntax, transferSyntaxes }: ProposedContext): AnsweredContext {
  const refuse = (result: number) => ({
    id,
    result,
    transferSyntax: transferSyntaxes[0] ?? transferSyntax.implicitLittleEndian,
  });
  if (!serviceOf(abstractSyntax)) return refuse(contextResult.abstractSyntaxNotSupported);
  const chosen = transferSyntaxes.find(uid => uidForm.test(uid));
  if (!chosen) return refuse(contextResult.transferSyntaxesNotSupported);
  return { id, result: contextResult.acceptance, transferSyntax: chosen };
}
