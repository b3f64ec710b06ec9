export interface DiffLine {
  kind: 'same' | 'old' | 'new';
  text: string;
}

/** Beyond this many pairs of lines a table of all would be too large: the whole middle counts as changed. */
const mostPairs = 4_000_000;

/** What turns one text into the other, line by line, with the longest common run of lines kept. */
export function diffLines(before: string, after: string): DiffLine[] {
  const [a, b] = [before.split('\n'), after.split('\n')];
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  const same = (lines: string[]) => lines.map((text): DiffLine => ({ kind: 'same', text }));
  return [
    ...same(a.slice(0, head)),
    ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...same(a.slice(a.length - tail)),
  ];
}

function middle(a: string[], b: string[]): DiffLine[] {
  const lines: DiffLine[] = [];
  const old = (text: string) => lines.push({ kind: 'old', text });
  const fresh = (text: string) => lines.push({ kind: 'new', text });
  if (a.length * b.length > mostPairs) {
    a.forEach(old);
    b.forEach(fresh);
    return lines;
  }
  // common[i][j]: how many lines a[i..] and b[j..] have in common, in order.
  const common = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  const at = (i: number, j: number) => common[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    const row = common[i] as Uint32Array;
    for (let j = b.length - 1; j >= 0; j--)
      row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ kind: 'same', text: a[i] ?? '' });
      i++;
      j++;
    } else if (i < a.length && (j === b.length || at(i + 1, j) >= at(i, j + 1))) old(a[i++] ?? '');
    else fresh(b[j++] ?? '');
  }
  return lines;
}

/** Only the changes, each with a few lines around it; null stands for lines that are left out. */
export function changesOnly(lines: DiffLine[], around = 3): (DiffLine | null)[] {
  const near = lines.map((_, at) =>
    lines.slice(Math.max(0, at - around), at + around + 1).some(line => line.kind !== 'same'),
  );
  const shown: (DiffLine | null)[] = [];
  for (const [at, line] of lines.entries()) {
    if (near[at]) shown.push(line);
    else if (shown.at(-1) !== null) shown.push(null);
  }
  return shown;
}
