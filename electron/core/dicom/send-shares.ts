import type { ProposedContext } from './pdu.ts';

export interface SendFile {
  /** Absolute path. */
  file: string;
  sopClassUid: string;
  sopInstanceUid: string;
  transferSyntaxUid: string;
}

/** What one association carries: its presentation contexts by what they are for, and the files. */
export interface Share {
  contexts: Map<string, ProposedContext>;
  files: SendFile[];
}

/** Context ids are the odd numbers of one byte, PS3.8 §9.3.2.2. */
const maxContexts = 128;

/** A presentation context is for one SOP class in one transfer syntax: as stored. */
export const syntaxPair = (file: SendFile) => `${file.sopClassUid} ${file.transferSyntaxUid}`;

/** @returns for each of at most `count` associations at once the shares it carries one after the other */
export function shareOut(files: SendFile[], count: number): Share[][] {
  const lanes = Array.from({ length: Math.max(1, Math.min(count, files.length)) }, () => [] as Share[]);
  for (const [index, file] of files.entries()) {
    const lane = lanes[index % lanes.length] as Share[];
    shareFor(file, lane).files.push(file);
  }
  return lanes;
}

function shareFor(file: SendFile, lane: Share[]): Share {
  const pair = syntaxPair(file);
  const known = lane.find(share => share.contexts.has(pair));
  if (known) return known;
  let share = lane.find(({ contexts }) => contexts.size < maxContexts);
  if (!share) {
    share = { contexts: new Map(), files: [] };
    lane.push(share);
  }
  const id = share.contexts.size * 2 + 1;
  share.contexts.set(pair, { id, abstractSyntax: file.sopClassUid, transferSyntaxes: [file.transferSyntaxUid] });
  return share;
}
