import { scaleLinear } from "d3-scale";
import type { ReactNode } from "react";
import { Charted } from "./Charted";
import { Ticks } from "./Ticks";

export interface Span {
  readonly key: string;
  readonly label: ReactNode;
  readonly note?: ReactNode;
  /** Where the bar begins and ends, on the chart's scale. */
  readonly from: number;
  readonly to: number;
  /** An interval drawn as a thin line over the bar. */
  readonly range?: readonly [number, number] | null;
  readonly number: ReactNode;
  /** What the row says, for who cannot see the bar. */
  readonly said: string;
}

/** Bars from a common line: a tornado, weights to either side, effects with their intervals; `least` is how far the scale reaches at least. */
export function SpanChart({
  name,
  spans,
  line,
  lineName,
  least,
  tick,
}: {
  name: string;
  spans: readonly Span[];
  line: number;
  lineName: string;
  least: number;
  tick: (value: number) => string;
}) {
  const all = spans.flatMap((span) => [span.from, span.to, ...(span.range ?? [])]);
  const low = Math.min(line - least, ...all);
  const high = Math.max(line + least, ...all);
  const at = scaleLinear().domain([low, high]).nice(4).range([0, 100]);
  return (
    <Charted name={name}>
      <figure className="spans">
        <ul aria-label={name}>
          {spans.map((span) => (
            <li key={span.key} className="span-row">
              <span className="span-label">
                {span.label}
                {span.note && <small>{span.note}</small>}
              </span>
              <svg
                className="span-track"
                viewBox="0 0 100 12"
                preserveAspectRatio="none"
                role="img"
                aria-label={span.said}
              >
                <rect className="track-ground" width="100" height="12" />
                <rect
                  className={span.to >= span.from ? "span-up" : "span-down"}
                  x={Math.min(at(span.from), at(span.to))}
                  width={Math.max(0.35, Math.abs(at(span.to) - at(span.from)))}
                  y="1.5"
                  height="9"
                />
                {span.range && (
                  <>
                    <rect
                      className="track-whisker"
                      x={at(span.range[0])}
                      width={Math.max(0.3, at(span.range[1]) - at(span.range[0]))}
                      y="5.4"
                      height="1.2"
                    />
                    <rect className="track-end" x={at(span.range[0]) - 0.2} width="0.4" y="3.5" height="5" />
                    <rect className="track-end" x={at(span.range[1]) - 0.2} width="0.4" y="3.5" height="5" />
                  </>
                )}
                <rect className="span-line" x={at(line) - 0.15} width="0.3" height="12" />
              </svg>
              <span className="span-number">{span.number}</span>
            </li>
          ))}
        </ul>
        <div className="span-axis" aria-hidden="true">
          <span />
          <Ticks at={at} tick={tick} />
          <span />
        </div>
        <figcaption className="small">The line is {lineName}.</figcaption>
      </figure>
    </Charted>
  );
}
