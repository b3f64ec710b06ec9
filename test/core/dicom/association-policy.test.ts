import { describe, expect, it } from 'vitest';
import { judgeRequest, plainAddress } from '../../../electron/core/dicom/association-policy.ts';
import { request } from '../../helpers/scripted-peer.ts';

const open = { calledAeTitles: [], callingAeTitles: [], callingHosts: [] };

describe('association policy', () => {
  it('accepts all by default', () => {
    expect(judgeRequest(request([]), '10.0.0.1', open)).toBeUndefined();
  });

  it.each([
    ['called AE title', { ...open, calledAeTitles: ['OTHER'] }, {}, [1, 1, 7]],
    ['calling AE title', { ...open, callingAeTitles: ['OTHER'] }, {}, [1, 1, 3]],
    ['host', { ...open, callingHosts: ['10.0.0.2', '192.168.0.0/16'] }, {}, [1, 1, 3]],
    ['application context', open, { applicationContext: '1.2.3' }, [1, 1, 2]],
    ['protocol version', open, { protocolVersion: 2 }, [1, 2, 2]],
  ])('rejects another %s', (_, policy, more, [result, source, reason] = []) => {
    expect(judgeRequest(request([], more), '10.0.0.1', policy)).toMatchObject({ result, source, reason });
  });

  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['10.0.3.1', '10.0.0.0/16'],
    ['fe80::1', 'fe80::/10'],
    ['127.0.0.1', 'localhost'],
  ])('accepts host %s for %s', (host, entry) => {
    expect(judgeRequest(request([]), host, { ...open, callingHosts: ['1.1.1.1', entry] })).toBeUndefined();
  });

  it('reads IPv4 addresses of a dual-stack socket', () => {
    expect(plainAddress('::ffff:10.0.0.1')).toBe('10.0.0.1');
    expect(plainAddress('::1')).toBe('::1');
  });
});
