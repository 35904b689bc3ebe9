import { BaseEdge, type Edge, type EdgeProps, getBezierPath } from "@xyflow/react";
import { type Detour, pathBy } from "./detour";
import type { Point } from "./signs";

export type ArcEdge = Edge<{ readonly past: Detour | null; readonly sign: Point }, "arc">;

/** An arc that is drawn past the cards between its ends, not behind them. */
export function ArcPast(arc: EdgeProps<ArcEdge>) {
  const { sourceX, sourceY, targetX, targetY, data, label, markerEnd, style } = arc;
  const sign = data?.sign ?? { x: sourceX, y: sourceY };
  const past = data?.past ?? null;
  const [curved] = getBezierPath(arc);
  return (
    <BaseEdge
      path={past === null ? curved : pathBy(past, sourceX, sourceY, targetX, targetY)}
      label={label}
      labelX={sign.x}
      labelY={sign.y}
      {...(markerEnd === undefined ? {} : { markerEnd })}
      {...(style === undefined ? {} : { style })}
    />
  );
}
