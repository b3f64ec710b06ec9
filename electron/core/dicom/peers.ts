import { AppError } from '../../../shared/problems.ts';
import { type Peer, peerSchema, tlsClientSchema } from '../../../shared/schemas/peers.ts';
import { createAnnouncer } from '../lib/announcer.ts';
import { type Db, transaction } from '../store/index.ts';

/** The configured peers, by name. */
export interface Peers {
  list(): Peer[];
  /** @throws PEER_NOT_FOUND */
  get(name: string): Peer;
  /** Replaces the whole list. @throws PEER_INVALID */
  replace(items: Peer[]): void;
  /** Told after the list was replaced. @returns the function that ends it */
  onChange(listener: () => void): () => void;
}

interface Row {
  name: string;
  ae_title: string;
  host: string;
  port: number;
  tls: string | null;
  comment: string;
}

export function createPeers({ db }: { db: Db }): Peers {
  const all = db.prepare<[], Row>('SELECT * FROM peers ORDER BY name');
  const one = db.prepare<[string], Row>('SELECT * FROM peers WHERE name = ?');
  const clear = db.prepare('DELETE FROM peers');
  const insert = db.prepare('INSERT INTO peers (name, ae_title, host, port, tls, comment) VALUES (?, ?, ?, ?, ?, ?)');
  const changes = createAnnouncer<void>();
  return {
    onChange: changes.listen,
    list: () => all.all().map(toPeer),
    get(name) {
      const row = one.get(name);
      if (!row) throw new AppError('PEER_NOT_FOUND', { name });
      return toPeer(row);
    },
    replace(items) {
      const names = new Set<string>();
      for (const item of items) {
        const { name } = item;
        const issue = peerSchema.safeParse(item).error?.issues[0];
        if (issue) throw new AppError('PEER_INVALID', { name, field: issue.path.join('.'), expected: issue.message });
        if (names.has(name))
          throw new AppError('PEER_INVALID', { name, field: 'name', expected: 'a name that no other peer has' });
        names.add(name);
      }
      transaction(db, () => {
        clear.run();
        for (const { name, aeTitle, host, port, tls, comment } of items) {
          insert.run(name, aeTitle, host, port, tls ? JSON.stringify(tls) : null, comment);
        }
      });
      changes.tell();
    },
  };
}

const toPeer = (row: Row): Peer =>
  peerSchema.parse({
    name: row.name,
    aeTitle: row.ae_title,
    host: row.host,
    port: row.port,
    tls: row.tls ? tlsClientSchema.parse(JSON.parse(row.tls)) : null,
    comment: row.comment,
  });
