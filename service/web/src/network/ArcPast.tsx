import { BaseEdge, type Edge, type EdgeProps, getBezierPath } from "@xyflow/react";
import { type Detour, pathBy } from "./detour";

export type ArcEdge = Edge<{ readonly past: Detour | null }, "arc">;

/** An arc that is drawn past the cards between its ends, not behind them. */
export function ArcPast(arc: EdgeProps<ArcEdge>) {
  const { sourceX, sourceY, targetX, targetY, data, label, markerEnd, style } = arc;
  const past = data?.past ?? null;
  const [curved, middleX, middleY] = getBezierPath(arc);
  return (
    <BaseEdge
      path={past === null ? curved : pathBy(past, sourceX, sourceY, targetX, targetY)}
      label={label}
      labelX={past === null ? middleX : (past.left + past.right) / 2}
      labelY={past === null ? middleY : past.y}
      {...(markerEnd === undefined ? {} : { markerEnd })}
      {...(style === undefined ? {} : { style })}
    />
  );
}
