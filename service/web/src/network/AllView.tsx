import { type Node, type NodeProps, Controls, Handle, MiniMap, Position, ReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import "../style/network.css";
import { memo, useMemo, useRef } from "react";
import { SvgButton } from "../charts/Charted";
import { type Model, useModel } from "../state/model";
import { Roles } from "./Roles";
import { go, usePlace } from "../state/place";

const WIDE = 220;
const HIGH = 72;
const GAP = 30;
const SMALL = { width: 130, height: 90 };
/** At which labels have some 12 pixels. */
const READABLE = 0.7;

type ChipNode = Node<{ readonly label: string; readonly role: string; readonly said: "given" | "done" | "" }, "chip">;

const TYPES = { chip: memo(Chip) };

/** Every variable as a chip, where the server's picture has it; a click opens its neighbourhood. */
export default function AllView() {
  const model = useModel();
  const { question } = usePlace();
  const element = useRef<HTMLDivElement>(null);
  const { focus } = usePlace();
  const centre = focus ?? [...question.do.keys(), ...question.given.keys()][0] ?? model.about.headline[0];
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
      <SvgButton of={element} name="The network, as far as it is shown" />
      <div className="network all" ref={element}>
        <ReactFlow
          aria-label="Every variable of the model"
          nodes={nodes}
          edges={edges}
          nodeTypes={TYPES}
          onInit={(flow) => {
            const half = (element.current?.clientWidth ?? 0) / 2 / READABLE - GAP;
            const { x, y } = middleOf(model, centre, half);
            void flow.setCenter(x, y, { zoom: READABLE });
          }}
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
          <MiniMap pannable zoomable style={SMALL} ariaLabel="The whole network in small" />
        </ReactFlow>
      </div>
      <Roles />
      <p className="small">
        Drag the ground to look around; the square fits all of it. What stands left acts on what stands right of it.
      </p>
    </>
  );
}

/** Where a variable stands; not further left than where the first column is at the edge. */
function middleOf(model: Model, name: string | undefined, half: number): { x: number; y: number } {
  const at = model.variables.get(name ?? "")?.position ?? { column: 2, row: 6 };
  return { x: Math.max(half, at.column * (WIDE + 50) + WIDE / 2), y: at.row * HIGH + HIGH / 2 };
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
