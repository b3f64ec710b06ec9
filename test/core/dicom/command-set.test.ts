import { describe, expect, it } from 'vitest';
import {
  type CommandSet,
  decodeCommandSet,
  encodeCommandSet,
  responseTo,
  statusInWords,
} from '../../../electron/core/dicom/command-set.ts';

const store: CommandSet = {
  commandField: 1,
  messageId: 7,
  priority: 0,
  affectedSopClassUid: '1.2.840.10008.5.1.4.1.1.2',
  affectedSopInstanceUid: '1.2.3.4',
  hasDataSet: true,
};

describe('command sets', () => {
  it('come back as they were encoded', () => {
    expect(decodeCommandSet(encodeCommandSet(store))).toEqual(store);
  });

  it('carry a group length and pad UIDs with NUL', () => {
    const bytes = encodeCommandSet(store);
    expect(bytes.readUInt32LE(8)).toBe(bytes.length - 12);
    expect(bytes.subarray(12, 20).toString('hex')).toBe('000002001a000000');
    expect(bytes[20 + 25]).toBe(0);
  });

  it('answer with the message id, the UIDs, and at most 64 characters of comment', () => {
    const response = decodeCommandSet(encodeCommandSet(responseTo(store, 0xa700, 'x'.repeat(80))));
    expect(response).toMatchObject({
      commandField: 0x8001,
      messageIdBeingRespondedTo: 7,
      status: 0xa700,
      hasDataSet: false,
    });
    expect(response.affectedSopInstanceUid).toBe('1.2.3.4');
    expect(response.errorComment).toHaveLength(64);
  });

  it.each([
    ['a head that is cut', Buffer.from([0, 0, 0, 1])],
    ['a length beyond the end', Buffer.from([0, 0, 0, 1, 255, 255, 255, 255, 1, 0])],
    ['an element of another group', Buffer.from([8, 0, 0x16, 0, 0, 0, 0, 0])],
    ['no command field', encodeCommandSet(store).subarray(0, 12)],
  ])('are refused with %s', (_, bytes) => {
    expect(() => decodeCommandSet(bytes)).toThrow(/command/i);
  });

  it('have words for statuses and for their ranges', () => {
    expect([0, 0xa701, 0xa9ff, 0xc123, 0xb000, 0x0122].map(statusInWords)).toEqual([
      'Success',
      'Refused: out of resources',
      'Error: data set does not match SOP class',
      'Error: cannot understand',
      'Warning: coercion of data elements',
      'SOP class not supported',
    ]);
  });
});
