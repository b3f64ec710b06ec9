import type { Db } from '../open.ts';

/** One row an association that brought objects; counters grow with every group of instances. */
export interface AssociationRow {
  id: number;
  callingAe: string;
  calledAe: string;
  host: string;
  port: number;
  tls: boolean;
  import?: { id: number; evaluate: boolean };
}

export interface AssociationCounts {
  stored: number;
  duplicates: number;
  conflicts: number;
  refused: number;
  bytes: number;
}

/** Of one landed instance. */
export function countsOf(outcome: 'stored' | 'duplicate' | 'conflict', bytes: number): AssociationCounts {
  const one = (of: typeof outcome) => (outcome === of ? 1 : 0);
  return { stored: one('stored'), duplicates: one('duplicate'), conflicts: one('conflict'), refused: 0, bytes };
}

export interface AssociationTable {
  open(peer: Omit<AssociationRow, 'id'>, startedAt: number): number;
  count(id: number, counts: AssociationCounts): void;
  end(id: number, outcome: string, reason: string | null): void;
  get(id: number): (AssociationRow & { outcome: string }) | undefined;
  /** Left open by a process that ended without a word. */
  stillOpen(): AssociationRow[];
}

interface Stored {
  id: number;
  calling_ae: string;
  called_ae: string;
  host: string;
  port: number;
  tls: number;
  outcome: string;
  import_id: number | null;
  evaluate: number;
}

export function createAssociationTable(db: Db): AssociationTable {
  type New = [string, string, string, number, number, number, number | null, number];
  const open = db.prepare<New, { id: number }>(`
    INSERT INTO associations (calling_ae, called_ae, host, port, tls, started_at, import_id, evaluate)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`);
  const count = db.prepare<AssociationCounts & { id: number }>(`
    UPDATE associations SET stored = stored + @stored, duplicates = duplicates + @duplicates, conflicts = conflicts + @conflicts,
      refused = refused + @refused, bytes = bytes + @bytes WHERE id = @id`);
  const end = db.prepare<[string, string | null, number, number]>(
    'UPDATE associations SET outcome = ?, reason = ?, ended_at = ? WHERE id = ?',
  );
  const columns = 'id, calling_ae, called_ae, host, port, tls, outcome, import_id, evaluate';
  const one = db.prepare<[number], Stored>(`SELECT ${columns} FROM associations WHERE id = ?`);
  const stillOpen = db.prepare<[], Stored>(`SELECT ${columns} FROM associations WHERE outcome = 'open' ORDER BY id`);
  const row = ({ id, calling_ae, called_ae, host, port, tls, outcome, import_id, evaluate }: Stored) => ({
    id,
    callingAe: calling_ae,
    calledAe: called_ae,
    host,
    port,
    tls: tls === 1,
    outcome,
    ...(import_id === null ? {} : { import: { id: import_id, evaluate: evaluate === 1 } }),
  });
  return {
    open({ callingAe, calledAe, host, port, tls, import: from }, startedAt) {
      const evaluate = from?.evaluate === false ? 0 : 1;
      const made = open.get(callingAe, calledAe, host, port, tls ? 1 : 0, startedAt, from?.id ?? null, evaluate);
      return (made as { id: number }).id;
    },
    count: (id, counts) => void count.run({ id, ...counts }),
    end: (id, outcome, reason) => void end.run(outcome, reason, Date.now(), id),
    get(id) {
      const found = one.get(id);
      return found && row(found);
    },
    stillOpen: () => stillOpen.all().map(row),
  };
}
