import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPeers, type Peers } from '../../../electron/core/dicom/index.ts';
import { type Db, openStore } from '../../../electron/core/store/index.ts';
import type { AppError } from '../../../shared/problems.ts';
import type { Peer } from '../../../shared/schemas/peers.ts';

describe('peers', () => {
  let directory: string;
  let db: Db;
  let peers: Peers;
  const archive: Peer = { name: 'archive', aeTitle: 'ARC', host: 'pacs', port: 104, tls: null, comment: '' };
  const secure: Peer = { ...archive, name: 'secure', tls: { ca: '/ca.pem' }, comment: 'over TLS' };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'gantry-peers-'));
    db = openStore(join(directory, 'store.sqlite'));
    peers = createPeers({ db });
  });
  afterEach(() => {
    db.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const problem = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      return (error as AppError).problem;
    }
    throw new Error('nothing was thrown');
  };

  it('are kept as a whole list', () => {
    expect(peers.list()).toEqual([]);
    peers.replace([secure, archive]);
    expect(peers.list()).toEqual([archive, secure]);
    expect(createPeers({ db }).get('secure')).toEqual(secure);
    peers.replace([archive]);
    expect(peers.list()).toEqual([archive]);
    expect(problem(() => peers.get('secure'))).toMatchObject({ code: 'PEER_NOT_FOUND', params: { name: 'secure' } });
  });

  it('are all refused when one is wrong, by its name and field', () => {
    peers.replace([archive]);
    expect(problem(() => peers.replace([secure, { ...archive, name: 'secure' }]))).toMatchObject({
      code: 'PEER_INVALID',
      params: { name: 'secure', field: 'name' },
    });
    expect(problem(() => peers.replace([{ ...secure, port: 70_000 }]))).toMatchObject({
      code: 'PEER_INVALID',
      params: { name: 'secure', field: 'port' },
    });
    expect(problem(() => peers.replace([{ ...secure, aeTitle: 'AN AE TITLE THAT IS TOO LONG' }]))).toMatchObject({
      params: { field: 'aeTitle' },
    });
    expect(peers.list()).toEqual([archive]);
  });
});
