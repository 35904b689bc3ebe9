import { Controls, MarkerType, ReactFlow, ReactFlowProvider, useNodesState } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import "../style/network.css";
import { useCallback, useEffect, useMemo, useState } from "react";
import { BarKey } from "../charts/BarKey";
import { SvgButton } from "../charts/Charted";
import { tickName } from "../charts/rows";
import { useWidth } from "../charts/useWidth";
import { isEmpty } from "../question/question";
import { labelOf, useModel } from "../state/model";
import { go, usePlace } from "../state/place";
import { type ArcEdge, ArcPast } from "./ArcPast";
import { Card, CardBody, type CardNode } from "./Card";
import { type Detour, detour } from "./detour";
import { draggedPlaces, forgetPlaces, keepPlace } from "./dragged";
import { Roles } from "./Roles";
import { type Point, signPlaces, wayOf } from "./signs";
import { type Arc, CARD_WIDTH, isOnTrail, neighbourhood, nextCard, trail } from "./neighbourhood";

const TYPES = { card: Card };
const ARCS = { arc: ArcPast };
const NARROW = 620;
/** Below it the numbers on cards would be too small; what does not fit then is dragged into sight. */
const READABLE = 0.78;
/** The controls stand below the cards. */
const ROOM = { top: "10px", bottom: "54px", x: "10px" } as const;
const COLUMNS = ["Two steps before it", "What acts on it", "In the middle", "What it acts on"];
const SIGN_MARKS = { raises: "+", lowers: "−", mixed: "±", none: "0", unordered: "~" } as const;

export default function NeighbourhoodView({ focus }: { focus: string }) {
  const { via } = usePlace();
  return (
    <ReactFlowProvider>
      <Drawn key={`${focus} ${via.join(" ")}`} focus={focus} />
    </ReactFlowProvider>
  );
}

function Drawn({ focus }: { focus: string }) {
  const model = useModel();
  const { question, tab, via } = usePlace();
  const [isSigned, setSigned] = useState(true);
  const found = useMemo(() => trail(model, via) ?? neighbourhood(model, focus), [model, focus, via]);
  const onArrow = useCallback(
    (name: string, key: string) => {
      const next = nextCard(found, name, key);
      if (next !== null) document.querySelector<HTMLElement>(`[data-card="${CSS.escape(next)}"]`)?.focus();
    },
    [found],
  );
  const initial = useMemo(
    () => nodesOf(found.cards, draggedPlaces(model.name, focus), focus, onArrow),
    [found, model, focus, onArrow],
  );
  const [nodes, setNodes, onNodesChange] = useNodesState<CardNode>(initial);
  useEffect(() => setNodes(initial), [initial, setNodes]);
  const edges = useMemo(() => {
    const ways = waysOf(found.arcs, nodes);
    return found.arcs.map((arc, i) => ({
      ...edgeOf(arc, question.do.has(arc.to), isSigned, isOnTrail(via, arc.from, arc.to)),
      data: ways[i] ?? { past: null, sign: { x: 0, y: 0 } },
    }));
  }, [found, question, isSigned, via, nodes]);
  const [element, width] = useWidth<HTMLDivElement>();
  const isStacked = width > 0 && width < NARROW;
  const zoom = Math.max(READABLE, Math.min(1, width / across(found.cards)));
  const height = Math.max(220, Math.ceil(zoom * spread(found.cards)) + 68);
  return (
    <>
      <p className="tools">
        {!isStacked && (
          <>
            <label>
              <input type="checkbox" checked={isSigned} onChange={(event) => setSigned(event.target.checked)} /> Sign
              and strength of arcs
            </label>
            <button
              onClick={() => {
                forgetPlaces(model.name, focus);
                setNodes(nodesOf(found.cards, {}, focus, onArrow));
              }}
            >
              Put cards back
            </button>
          </>
        )}
        <button aria-pressed={tab === "details"} onClick={() => go({ tab: tab === "details" ? null : "details" })}>
          All about “{labelOf(model, focus)}”
        </button>
        <SvgButton of={element} name={`Around ${labelOf(model, focus)}`} />
        {!isStacked && <small>Drag cards and ground; Ctrl and wheel zoom. Arrow keys go from card to card.</small>}
      </p>
      <div
        className={width < NARROW ? undefined : "network"}
        style={width < NARROW ? undefined : { height }}
        ref={element}
      >
        {isStacked && <Stacked found={found} focus={focus} onArrow={onArrow} />}
        {width >= NARROW && (
          <ReactFlow
            aria-label={`What acts on ${labelOf(model, focus)}, and what it acts on`}
            nodes={nodes}
            edges={edges}
            nodeTypes={TYPES}
            edgeTypes={ARCS}
            onNodesChange={onNodesChange}
            onNodeDragStop={(_, node) => keepPlace(model.name, focus, node.id, node.position)}
            fitView
            fitViewOptions={{ padding: ROOM, minZoom: READABLE, maxZoom: 1 }}
            minZoom={0.2}
            maxZoom={2}
            nodesFocusable={false}
            edgesFocusable={false}
            elementsSelectable={false}
            nodesConnectable={false}
            preventScrolling={false}
            zoomOnScroll={false}
            zoomOnDoubleClick={false}
            proOptions={{ hideAttribution: true }}
          >
            <Controls showInteractive={false} orientation="horizontal" />
          </ReactFlow>
        )}
      </div>
      <Roles />
      {!isEmpty(question) && (
        <BarKey hasRanges={false} tickName={tickName(question.do.size > 0 ? "without" : "baseline", model)} />
      )}
      {!isStacked && (
        <p className="small legend">
          Arcs run from cause to effect. + raises it, − lowers it, ± either way, ~ shifts states that have no order; the
          thicker, the stronger. A dashed arc is cut: what it leads to is set.
        </p>
      )}
    </>
  );
}

/** On a narrow page the cards stand below each other, causes first. */
function Stacked({
  found,
  focus,
  onArrow,
}: {
  found: ReturnType<typeof neighbourhood>;
  focus: string;
  onArrow: (name: string, key: string) => void;
}) {
  const columns = [...new Set(found.cards.map((card) => Math.max(-2, Math.min(1, card.column))))].sort((a, b) => a - b);
  return (
    <>
      {columns.map((column) => (
        <div key={column} className="stacked">
          <h2>{COLUMNS[column + 2]}</h2>
          {found.cards
            .filter((card) => Math.max(-2, Math.min(1, card.column)) === column)
            .map((card) => (
              <CardBody key={card.name} id={card.name} isMiddle={card.name === focus} onArrow={onArrow} />
            ))}
        </div>
      ))}
    </>
  );
}

function nodesOf(
  cards: ReturnType<typeof neighbourhood>["cards"],
  dragged: Readonly<Record<string, { x: number; y: number }>>,
  focus: string,
  onArrow: (name: string, key: string) => void,
): CardNode[] {
  return cards.map((card) => ({
    id: card.name,
    type: "card",
    position: dragged[card.name] ?? { x: card.x, y: card.y },
    width: CARD_WIDTH,
    initialHeight: card.height,
    data: { isMiddle: card.name === focus, onArrow },
  }));
}

/** The ways of arcs past the cards where they stand at the moment, and where their signs do. */
function waysOf(arcs: readonly Arc[], nodes: readonly CardNode[]): { past: Detour | null; sign: Point }[] {
  const boxes = new Map(
    nodes.map(({ id, position, measured, initialHeight }) => [
      id,
      { ...position, width: CARD_WIDTH, height: measured?.height ?? initialHeight ?? 0 },
    ]),
  );
  const cards = [...boxes.values()];
  const ways = arcs.map((arc) => {
    const [from, to] = [boxes.get(arc.from), boxes.get(arc.to)];
    if (!from || !to) return { past: null, points: [] };
    const past = detour(
      from,
      to,
      cards.filter((card) => card !== from && card !== to),
    );
    return { past, points: wayOf(from, to, past) };
  });
  const signs = signPlaces(
    ways.map((way) => way.points),
    cards,
  );
  return ways.map(({ past }, i) => ({ past, sign: signs[i] ?? { x: 0, y: 0 } }));
}

function edgeOf(arc: Arc, isCut: boolean, isSigned: boolean, isMarked: boolean): ArcEdge {
  return {
    type: "arc",
    id: `${arc.from} ${arc.to}`,
    source: arc.from,
    target: arc.to,
    className: `arc ${isCut ? "cut" : arc.sign}${isMarked ? " on-trail" : ""}`,
    ariaLabel: `${arc.from} acts on ${arc.to}`,
    ...(isSigned || isCut ? { label: isCut ? "✂ cut" : SIGN_MARKS[arc.sign] } : {}),
    style: { strokeWidth: isSigned ? 1 + 5 * arc.strength : 1.5 },
    markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14, markerUnits: "userSpaceOnUse" },
  };
}

function across(cards: ReturnType<typeof neighbourhood>["cards"]): number {
  return Math.max(...cards.map((card) => card.x)) + CARD_WIDTH + 24;
}

function spread(cards: ReturnType<typeof neighbourhood>["cards"]): number {
  return Math.max(...cards.map((card) => card.y + card.height)) - Math.min(...cards.map((card) => card.y));
}
