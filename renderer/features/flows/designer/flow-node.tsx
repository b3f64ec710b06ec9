import { Handle, type Node, type NodeProps, Position } from '@xyflow/react';
import { words } from '../../../words/words.ts';

export interface NodeLine {
  label?: string;
  text: string;
  /** What the chosen study has there. */
  seen?: string;
  met?: boolean;
}
export interface NodeData extends Record<string, unknown> {
  kind: string;
  title: string;
  lines: NodeLine[];
  errors: number;
  warnings: number;
  /** Whether the trigger is met by what was chosen to test with. */
  met?: boolean;
  note?: string;
  off?: boolean;
}
export type BoxNode = Node<NodeData, 'box'>;

const { designer: w } = words;
const mark = (met: boolean | undefined) => (met === undefined ? '' : met ? '✓' : '✗');

/** One box of the drawing. */
export function FlowNode({ data, selected }: NodeProps<BoxNode>) {
  const { kind, title, lines, errors, warnings, met, note, off } = data;
  const state = met === undefined ? '' : met ? ' met' : ' unmet';
  return (
    <div className={`flow-node ${kind}${selected ? ' chosen' : ''}${state}${off ? ' off' : ''}`}>
      <div className="flow-node-head">
        <span className="clip">{title}</span>
        {met !== undefined && <b className={met ? 'is-met' : 'is-unmet'}>{mark(met)}</b>}
        {note && <span className="flow-node-note">{note}</span>}
        {errors > 0 && (
          <span className="flow-node-errors" title={w.errors}>
            {errors}
          </span>
        )}
        {errors === 0 && warnings > 0 && (
          <span className="flow-node-warnings" title={w.warnings}>
            {warnings}
          </span>
        )}
      </div>
      {lines.map(line => (
        <div key={`${line.label} ${line.text}`}>
          <div className="flow-node-line clip" title={`${line.label ?? ''} ${line.text}`}>
            {line.label && <span>{line.label}</span>} <code>{line.text}</code>
          </div>
          {line.met !== undefined && (
            <div className={`flow-node-line clip ${line.met ? 'is-met' : 'is-unmet'}`} title={line.seen}>
              {mark(line.met)} {line.seen}
            </div>
          )}
        </div>
      ))}
      <Handle type="target" id="left" position={Position.Left} isConnectable={false} />
      <Handle type="target" id="top" position={Position.Top} isConnectable={false} />
      <Handle type="source" id="right" position={Position.Right} isConnectable={false} />
      <Handle type="source" id="bottom" position={Position.Bottom} isConnectable={false} />
    </div>
  );
}
