import { statusInWords } from './command-set.ts';

/** `0xA700`, as the standard writes statuses. */
export const statusHex = (status: number) => `0x${status.toString(16).toUpperCase().padStart(4, '0')}`;

/** Success, or a warning: the peer has the instance either way, PS3.4 §B.2.3. */
export const isStored = (status: number) => status === 0 || (status & 0xf000) === 0xb000;

export const statusText = (status: number) => statusInWords(status);
