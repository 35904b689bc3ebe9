import { type Node, type NodeProps, Controls, Handle, MiniMap, Position, ReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import "../style/network.css";
import { memo, useMemo } from "react";
import { type Model, useModel } from "../state/model";
import { Roles } from "./Roles";
import { go, usePlace } from "../state/place";

const WIDE = 220;
const HIGH = 72;

type ChipNode = Node<{ readonly label: string; readonly role: string; readonly said: "given" | "done" | "" }, "chip">;

const TYPES = { chip: memo(Chip) };

/** Every variable as a chip, where the server's picture has it; a click opens its neighbourhood. */
export default function AllView() {
  const model = useModel();
  const { question } = usePlace();
  const nodes = useMemo(
    () => chips(model, (name) => (question.do.has(name) ? "done" : question.given.has(name) ? "given" : "")),
    [model, question],
  );
  const edges = useMemo(
    () =>
      model.arcs.map((arc) => ({ id: `${arc.from} ${arc.to}`, source: arc.from, target: arc.to, className: "arc" })),
    [model],
  );
  return (
    <>
      <div className="network all">
        <ReactFlow
          aria-label="Every variable of the model"
          nodes={nodes}
          edges={edges}
          nodeTypes={TYPES}
          fitView
          minZoom={0.05}
          maxZoom={1.5}
          nodesDraggable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          nodesConnectable={false}
          onlyRenderVisibleElements
          proOptions={{ hideAttribution: true }}
        >
          <Controls showInteractive={false} orientation="horizontal" />
          <MiniMap pannable ariaLabel="The whole network in small" />
        </ReactFlow>
      </div>
      <Roles />
    </>
  );
}

function chips(model: Model, said: (name: string) => "given" | "done" | ""): ChipNode[] {
  return [...model.variables.values()].map((each) => ({
    id: each.name,
    type: "chip",
    position: { x: each.position.column * (WIDE + 50), y: each.position.row * HIGH },
    width: WIDE,
    height: HIGH - 12,
    data: { label: each.label, role: each.role, said: said(each.name) },
  }));
}

function Chip({ id, data }: NodeProps<ChipNode>) {
  return (
    <>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <button className={`chip nodrag role-${data.role} ${data.said}`} onClick={() => go({ focus: id, tab: null })}>
        {data.label}
      </button>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </>
  );
}
