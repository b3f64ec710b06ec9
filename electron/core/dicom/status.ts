import { statusInWords } from './command-set.ts';

/** `0xA700`, as the standard writes statuses. */
export const statusHex = (status: number) => `0x${status.toString(16).toUpperCase().padStart(4, '0')}`;

/** Success, or one of the warnings with which the peer has the instance all the same, PS3.4 table B.2-1. */
const stored = new Set([0x0000, 0xb000, 0xb006, 0xb007]);

export const isStored = (status: number) => stored.has(status);

export const statusText = (status: number) => statusInWords(status);
