import { Background, Controls, ReactFlow, ReactFlowProvider, useReactFlow } from '@xyflow/react';
import '@xyflow/react/dist/base.css';
import { useEffect, useMemo, useRef } from 'react';
import { words } from '../../../words/words.ts';
import './designer.css';
import { takesFile } from './dropped-file.ts';
import { FlowNode } from './flow-node.tsx';
import { drawnOf } from './nodes.ts';

const { designer: w } = words;
const nodeTypes = { box: FlowNode };
const view = { padding: 0.06, maxZoom: 1, minZoom: 0.2 };

type Props = Parameters<typeof drawnOf>[0] & {
  choose: (id: string | null) => void;
  remove: (id: string) => void;
  /** The YAML cannot be read: this is how it was when it could. */
  stale: boolean;
  /** A file was dropped on the drawing. */
  take: (head: { name: string; base64: string }) => void;
};

/** The flow as it stands in the YAML. It changes nothing by itself: every wish goes to the YAML and comes back. */
export function Drawing(props: Props) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  );
}

function Canvas({ shape, problems, verdict, chosen, images, choose, remove, stale, take }: Props) {
  const { fitView } = useReactFlow();
  const box = useRef<HTMLElement>(null);
  const { nodes, edges } = useMemo(
    () => drawnOf({ shape, problems, verdict, chosen, images }),
    [shape, problems, verdict, chosen, images],
  );
  const extent = nodes.map(node => `${node.id} ${node.height}`).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is drawn has another size
  useEffect(() => {
    void fitView(view);
  }, [extent]);
  useEffect(() => {
    const observer = new ResizeObserver(() => void fitView(view));
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, [fitView]);
  return (
    <section
      ref={box}
      className={`drawing${stale ? ' stale' : ''}`}
      aria-label={w.drawing}
      {...takesFile(take)}
      onKeyDown={event => {
        if (event.key !== 'Delete' || !chosen) return;
        event.preventDefault();
        remove(chosen);
      }}
    >
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        onNodesChange={changes => {
          const selected = changes.find(change => change.type === 'select' && change.selected);
          if (selected?.type === 'select') choose(selected.id);
        }}
        onPaneClick={() => choose(null)}
        onInit={() => void fitView(view)}
        nodesDraggable={false}
        nodesConnectable={false}
        deleteKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        zoomOnScroll={false}
        preventScrolling={false}
        minZoom={0.2}
        maxZoom={1.6}
        proOptions={{ hideAttribution: true }}
      >
        <Background gap={18} />
        <Controls showInteractive={false} orientation="horizontal" position="bottom-right" />
      </ReactFlow>
      {stale && (
        <div className="drawing-stale" role="status">
          {w.stale}
        </div>
      )}
    </section>
  );
}
