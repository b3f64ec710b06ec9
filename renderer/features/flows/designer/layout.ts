import type { Shape } from './shape.ts';

export interface Box {
  id: string;
  kind: 'flow' | 'trigger' | 'model' | 'destination' | 'sender' | 'every' | 'nothing';
  index: number;
  x: number;
  y: number;
  width: number;
  height: number;
}
export interface Line {
  from: string;
  to: string;
  /** From the bottom of one to the top of the next. */
  down: boolean;
}

const width = 216;
const columnGap = 64;
const rowGap = 22;
const headHeight = 32;
const lineHeight = 20;
const padding = 10;

/**
 * Where everything is drawn: triggers (below what the flow says of itself), models one below the other, destinations.
 * Computed, never kept: the same flow is drawn the same everywhere.
 *
 * @param triggerLines lines of a key of a trigger: two when the value that was seen is shown, too
 */
export function layoutOf(shape: Shape, triggerLines: 1 | 2): { boxes: Box[]; lines: Line[] } {
  const heightOf = (lines: number) => headHeight + lines * lineHeight + padding;
  const place = (kind: Box['kind'], index: number, lines: number, id = `${kind}-${index}`): Box => ({
    id,
    kind,
    index,
    width,
    height: heightOf(lines),
    x: 0,
    y: 0,
  });
  const triggers = shape.triggers.map((keys, index) =>
    place('trigger', index, Math.max(1, keys.length * triggerLines)),
  );
  const models = shape.models.map((model, index) => place('model', index, model.facts.length > 0 ? 2 : 1));
  const ends = shape.destinations.map((_, index) => place('destination', index, 1));
  if (shape.senderPorts.length > 0) ends.push(place('sender', 0, 1, 'sender'));
  if (triggers.length === 0) triggers.push(place('every', 0, 1));
  if (ends.length === 0) ends.push(place('nothing', 0, 1));

  const columns = [triggers, models, ends].filter(column => column.length > 0);
  const heights = columns.map(heightOfColumn);
  const tallest = Math.max(...heights);
  for (const [at, column] of columns.entries()) {
    let y = (tallest - (heights[at] ?? 0)) / 2;
    for (const box of column) {
      box.x = at * (width + columnGap);
      box.y = y;
      y += box.height + rowGap;
    }
  }
  const head = place('flow', 0, 1, 'flow');
  head.width = columns.length * (width + columnGap) - columnGap;
  head.y = -head.height - rowGap * 1.5;

  const first = models[0];
  const last = models.at(-1);
  const lines: Line[] = [];
  for (const from of triggers) {
    for (const to of first ? [first] : ends) lines.push({ from: from.id, to: to.id, down: false });
  }
  for (const [at, model] of models.entries()) {
    const next = models[at + 1];
    if (next) lines.push({ from: model.id, to: next.id, down: true });
  }
  if (last) for (const to of ends) lines.push({ from: last.id, to: to.id, down: false });
  return { boxes: [head, ...triggers, ...models, ...ends], lines };
}

const heightOfColumn = (boxes: Box[]) => boxes.reduce((sum, box) => sum + box.height + rowGap, -rowGap);
