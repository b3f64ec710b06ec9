/** What to look for in one segment. */
export interface ScanJob {
  path: string;
  /** Only so much of the file is whole. */
  bytes: number;
  /** Beginnings of the records that are wanted, `KIND SOURCE`; null takes all. */
  wanted: string[] | null;
  find: Finding | null;
  /** Lines between these two numbers, both left out. */
  after: number;
  before: number;
  limit: number;
  /** From which end `limit` counts. */
  end: 'newest' | 'oldest';
  /** Looks at every line, for the count; else stops at `limit`. */
  whole: boolean;
}

export interface Finding {
  source: string;
  flags: string;
  /** Plain text, with nothing in it that could match a line feed. */
  literal: boolean;
}

export interface Hit {
  seq: number;
  at: number;
  kind: string;
  source: number;
  text: string;
}

export interface Reader {
  scan(job: ScanJob): { hits: Hit[]; count: number };
  /** @returns places of the texts that match */
  match(find: Finding, texts: string[]): number[];
}

interface Files {
  openSync(path: string, flags: 'r'): number;
  readSync(fd: number, buffer: Buffer, offset: number, length: number, position: number): number;
  closeSync(fd: number): void;
}

/**
 * Looks through segments. Runs in a thread of its own, made from the text of this very function (the same in the sources, in
 * the bundle and in the packed application): it must use nothing from outside but its parameter.
 */
export function createReader(files: Files): Reader {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ECMA-48 sequences begin with one
  const colours = /\x1b(?:\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g;
  let buffer = Buffer.alloc(0);

  function read(path: string, bytes: number): string {
    if (buffer.length < bytes) buffer = Buffer.allocUnsafeSlow(bytes);
    let fd: number;
    try {
      fd = files.openSync(path, 'r');
    } catch (error) {
      // Dropped since: what is gone holds nothing.
      if ((error as { code?: string }).code === 'ENOENT') return '';
      throw error;
    }
    try {
      let got = 0;
      while (got < bytes) {
        const some = files.readSync(fd, buffer, got, bytes - got, got);
        if (some === 0) break;
        got += some;
      }
      return buffer.toString('utf8', 0, got);
    } finally {
      files.closeSync(fd);
    }
  }

  function scan({ path, bytes, wanted, find, after, before, limit, end, whole }: ScanJob) {
    const all = read(path, bytes);
    const allowed = wanted ? new Set(wanted) : null;
    const pattern = find ? new RegExp(find.source, find.flags + (find.literal ? 'g' : '')) : null;
    const coloured = pattern !== null && all.includes('\x1b');
    const bounded = after > 0 || before < Number.POSITIVE_INFINITY;
    /** Begin and end of the records that were found, one after the other. */
    const found: number[] = [];
    let count = 0;
    const isWanted = (start: number, stop: number): boolean => {
      // A record begins with the letter of its level; `=` lines and what is damaged do not.
      if (!'diwe'.includes(all.charAt(start))) return false;
      const one = all.indexOf('\t', start);
      if (one < 0 || one >= stop) return false;
      if (allowed && !allowed.has(all.slice(start, one))) return false;
      if (!bounded) return true;
      const seq = Number.parseInt(all.slice(one + 1, all.indexOf('\t', one + 1)), 36);
      return seq > after && seq < before;
    };
    const textAt = (start: number) => all.indexOf('\t', all.indexOf('\t', all.indexOf('\t', start) + 1) + 1) + 1;
    const take = (start: number, stop: number) => {
      count++;
      if (limit === 0) return;
      if (end === 'oldest' && found.length >= limit * 2) return;
      found.push(start, stop);
      // Forgets in large pieces: shifting one by one would cost more than the search.
      if (whole && end === 'newest' && found.length > limit * 8 + 4096) found.splice(0, found.length - limit * 2);
    };

    if (pattern && find?.literal && !coloured) {
      for (let hit = pattern.exec(all); hit; hit = pattern.exec(all)) {
        const start = all.lastIndexOf('\n', hit.index) + 1;
        const stop = all.indexOf('\n', hit.index);
        if (stop < 0) break;
        // No head is longer: most hits need no look at theirs.
        const text = hit.index - start > 64 ? start : textAt(start);
        if (hit.index < text && text < stop) {
          // In the head of the record: its text is looked at still.
          pattern.lastIndex = text;
          continue;
        }
        if (isWanted(start, stop)) take(start, stop);
        pattern.lastIndex = stop + 1;
      }
    } else {
      const matches = (start: number, stop: number) => {
        if (!pattern) return true;
        pattern.lastIndex = 0;
        const text = all.slice(textAt(start), stop);
        return pattern.test(coloured ? text.replace(colours, '') : text);
      };
      if (end === 'newest' && !whole) {
        for (let stop = all.length - 1; stop > 0 && found.length < limit * 2; ) {
          const start = all.lastIndexOf('\n', stop - 1) + 1;
          if (isWanted(start, stop) && matches(start, stop)) take(start, stop);
          stop = start - 1;
        }
        // Pairs came newest first.
        const pairs: number[] = [];
        for (let at = found.length - 2; at >= 0; at -= 2) pairs.push(found[at] as number, found[at + 1] as number);
        found.splice(0, found.length, ...pairs);
      } else {
        for (let start = 0; start < all.length; ) {
          const stop = all.indexOf('\n', start);
          if (stop < 0) break;
          if (isWanted(start, stop) && matches(start, stop)) take(start, stop);
          if (!whole && end === 'oldest' && found.length >= limit * 2) break;
          start = stop + 1;
        }
      }
    }

    const kept = limit === 0 ? [] : end === 'newest' ? found.slice(-limit * 2) : found.slice(0, limit * 2);
    const hits: Hit[] = [];
    for (let place = 0; place < kept.length; place += 2) {
      const record = all.slice(kept[place], kept[place + 1]);
      const one = record.indexOf('\t');
      const two = record.indexOf('\t', one + 1);
      const three = record.indexOf('\t', two + 1);
      hits.push({
        kind: record.slice(0, 2),
        source: Number.parseInt(record.slice(2, one), 36),
        seq: Number.parseInt(record.slice(one + 1, two), 36),
        at: Number.parseInt(record.slice(two + 1, three), 36),
        text: record.slice(three + 1),
      });
    }
    return { hits, count };
  }

  return {
    scan,
    match(find, texts) {
      const pattern = new RegExp(find.source, find.flags);
      return texts.flatMap((text, place) => (pattern.test(text.replace(colours, '')) ? [place] : []));
    },
  };
}
