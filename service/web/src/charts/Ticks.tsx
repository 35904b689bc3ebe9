import type { ScaleLinear } from "d3-scale";

/** Marks below a scale that runs from 0 to 100 % of a chart's width. */
export function Ticks({ at, tick }: { at: ScaleLinear<number, number>; tick: (value: number) => string }) {
  return (
    <span className="span-ticks">
      {at.ticks(4).map((value) => (
        <span
          key={value}
          className={at(value) < 3 ? "first" : at(value) > 97 ? "last" : undefined}
          style={{ left: `${at(value)}%` }}
        >
          {tick(value)}
        </span>
      ))}
    </span>
  );
}
