/** Names of the UIDs that people meet, PS3.6 table A-1. */
export { sopClassName } from './sop-class-names.ts';
export { transferSyntaxName } from './transfer-syntax-names.ts';
