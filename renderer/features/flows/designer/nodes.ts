import { type Edge, MarkerType, Position } from '@xyflow/react';
import type { Verdict } from '../../../../shared/schemas/batches.ts';
import type { FlowProblem } from '../../../../shared/schemas/flows.ts';
import { words } from '../../../words/words.ts';
import type { BoxNode, NodeData, NodeLine } from './flow-node.tsx';
import { type Box, layoutOf } from './layout.ts';
import type { Shape } from './shape.ts';

const { designer: w } = words;

interface Drawn {
  shape: Shape;
  problems: FlowProblem[];
  /** Of the flow as it is drawn, on what was chosen to test with. */
  verdict: Verdict | null;
  chosen: string | null;
  /** Images of the engine; null while they are not known. */
  images: string[] | null;
}

/** The boxes and lines for xyflow. Sizes and handles are given, so that nothing has to be measured before it is drawn. */
export function drawnOf({ shape, problems, verdict, chosen, images }: Drawn): { nodes: BoxNode[]; edges: Edge[] } {
  const { boxes, lines } = layoutOf(shape, verdict ? 2 : 1);
  const nodes = boxes.map((box): BoxNode => {
    const data = { ...dataOf(box, shape, verdict, images), ...countsOf(box, problems), kind: box.kind };
    const real = box.kind !== 'every' && box.kind !== 'nothing';
    return {
      id: box.id,
      type: 'box',
      position: { x: box.x, y: box.y },
      width: box.width,
      height: box.height,
      measured: { width: box.width, height: box.height },
      handles: handlesOf(box),
      selected: box.id === chosen,
      selectable: real,
      focusable: real,
      draggable: false,
      connectable: false,
      deletable: false,
      ariaLabel: [data.title, ...data.lines.map(line => `${line.label ?? ''} ${line.text} ${line.seen ?? ''}`)].join(
        ', ',
      ),
      data,
    };
  });
  const edges = lines.map(
    ({ from, to, down }): Edge => ({
      id: `${from} ${to}`,
      source: from,
      target: to,
      sourceHandle: down ? 'bottom' : 'right',
      targetHandle: down ? 'top' : 'left',
      focusable: false,
      selectable: false,
      markerEnd: { type: MarkerType.ArrowClosed, width: 16, height: 16 },
    }),
  );
  return { nodes, edges };
}

function handlesOf({ width, height }: Box): BoxNode['handles'] {
  const size = { width: 1, height: 1 };
  return [
    { id: 'left', type: 'target', position: Position.Left, x: 0, y: height / 2, ...size },
    { id: 'top', type: 'target', position: Position.Top, x: width / 2, y: 0, ...size },
    { id: 'right', type: 'source', position: Position.Right, x: width, y: height / 2, ...size },
    { id: 'bottom', type: 'source', position: Position.Bottom, x: width / 2, y: height, ...size },
  ];
}

type Said = Pick<NodeData, 'title' | 'lines' | 'met' | 'note' | 'off'>;

function dataOf(box: Box, shape: Shape, verdict: Verdict | null, images: string[] | null): Said {
  if (box.kind === 'trigger') return triggerData(box.index, shape, verdict);
  if (box.kind === 'model') {
    const model = shape.models[box.index];
    const missing = images !== null && model?.image && !isThere(model.image, images);
    const lines: NodeLine[] = [{ text: model?.image || w.noImage }];
    if (model && model.facts.length > 0) lines.push({ text: model.facts.join(' · ') });
    return { title: model?.name || `${w.model} ${box.index + 1}`, lines, ...(missing ? { note: w.notHere } : {}) };
  }
  if (box.kind === 'destination') {
    const destination = shape.destinations[box.index];
    return { title: w.kinds[destination?.kind ?? 'peer'], lines: [{ text: destination?.text ?? '' }] };
  }
  if (box.kind === 'sender') return { title: w.sender, lines: [{ label: w.port, text: shape.senderPorts.join(', ') }] };
  if (box.kind === 'every') return { title: w.everyBatch, lines: [{ text: w.noTriggers }] };
  if (box.kind === 'nothing') return { title: w.nothingSent, lines: [{ text: w.noDestinations }] };
  const { name, collect, quiet, priority, enabled } = shape.settings;
  const facts = [`${w.batchOf} ${collect}`, quiet && `${w.quiet} ${quiet}`, `${w.priority} ${priority}`];
  return {
    title: name || w.flow,
    lines: [{ text: facts.filter(Boolean).join(' · ') }],
    off: !enabled,
    ...(enabled ? {} : { note: w.off }),
    ...(verdict ? { met: verdict.matched } : {}),
  };
}

function triggerData(index: number, shape: Shape, verdict: Verdict | null): Said {
  const reason = verdict?.triggers.find(item => item.index === index);
  const lines = (shape.triggers[index] ?? []).map(({ keyword, pattern }): NodeLine => {
    const key = reason?.keys.find(item => item.keyword === keyword);
    if (!key) return { label: keyword, text: pattern };
    return { label: keyword, text: pattern, met: key.met, seen: key.value ?? w.absent };
  });
  if (lines.length === 0) lines.push({ text: w.noKeys });
  return { title: `${w.trigger} ${index + 1}`, lines, ...(reason ? { met: reason.met } : {}) };
}

function countsOf({ kind, index }: Box, problems: FlowProblem[]): Pick<NodeData, 'errors' | 'warnings'> {
  const prefix = `${kind}s[${index}]`;
  const own = problems.filter(({ path }) =>
    kind === 'flow'
      ? !/^(triggers|models|destinations)(\[|$)/.test(path)
      : path === prefix || path.startsWith(`${prefix}.`) || path.startsWith(`${prefix}[`),
  );
  const errors = own.filter(problem => problem.severity === 'error').length;
  return { errors, warnings: own.length - errors };
}

/** `busybox` is `busybox:latest`; a digest or an id names itself. */
export function isThere(image: string, images: string[]): boolean {
  const named = /(:[^/]+|@sha256:[0-9a-f]+)$/.test(image) ? image : `${image}:latest`;
  return images.includes(named) || images.includes(image);
}
