import type { ReactNode } from "react";
import { percent, percentRange } from "../words/numbers";

export interface Bar {
  readonly state: string;
  readonly label: string;
  readonly p: number;
  readonly low: number | null;
  readonly high: number | null;
  /** The number that this one is held against, marked by a tick. */
  readonly tick: number | null;
  /** What was ruled out, observed or set. */
  readonly mark?: "fixed" | "out" | undefined;
}

/** A distribution as bars on one scale from 0 to 100 %, with intervals and ticks; `after` follows each number. */
export function StateBars({
  bars,
  tickName,
  name,
  choose,
  chosen,
  after,
  isCompact = false,
  isPending = false,
}: {
  bars: readonly Bar[];
  tickName: string;
  name: string;
  choose?: ((state: string) => void) | undefined;
  chosen?: string | null;
  after?: (bar: Bar) => ReactNode;
  isCompact?: boolean;
  isPending?: boolean;
}) {
  return (
    <ul className={isCompact ? "bars compact" : "bars"} aria-label={name} aria-busy={isPending}>
      {bars.map((bar) => (
        <li key={bar.state} className={bar.mark ? `bar ${bar.mark}` : "bar"}>
          <Name bar={bar} choose={choose} isChosen={chosen === bar.state} variable={name} />
          <Track bar={bar} tickName={tickName} />
          <span className="number">{isPending ? "…" : percent(bar.p)}</span>
          {!isCompact && (
            <span className="range">
              {bar.low !== null && bar.high !== null && bar.high > bar.low ? percentRange(bar.low, bar.high) : "\u00a0"}
            </span>
          )}
          {after && <span className="after">{after(bar)}</span>}
        </li>
      ))}
    </ul>
  );
}

function Name({
  bar,
  choose,
  isChosen,
  variable,
}: {
  bar: Bar;
  choose: ((state: string) => void) | undefined;
  isChosen: boolean;
  variable: string;
}) {
  if (!choose) return <span className="state">{bar.label}</span>;
  return (
    <button
      className="state nodrag"
      aria-pressed={isChosen}
      onClick={() => choose(bar.state)}
      title={isChosen ? "Take it back" : `Observe: ${bar.label}`}
    >
      <span className="tick-box" aria-hidden="true">
        {isChosen ? "●" : "○"}
      </span>
      <span className="visually-hidden">{variable}: </span>
      {bar.label}
    </button>
  );
}

function Track({ bar, tickName }: { bar: Bar; tickName: string }) {
  const said = bar.tick === null ? "" : `; ${tickName} ${percent(bar.tick)}`;
  return (
    <svg
      className="track"
      viewBox="0 0 100 10"
      preserveAspectRatio="none"
      role="img"
      aria-label={`${percent(bar.p)}${said}`}
    >
      <rect className="track-ground" x="0" y="1" width="100" height="8" />
      <rect className="track-bar" x="0" y="1" width={100 * bar.p} height="8" />
      {bar.low !== null && bar.high !== null && bar.high > bar.low && (
        <>
          <rect
            className="track-whisker"
            x={100 * bar.low}
            y="4.2"
            width={Math.max(0.4, 100 * (bar.high - bar.low))}
            height="1.6"
          />
          <rect className="track-end" x={100 * bar.low - 0.25} y="2.6" width="0.5" height="4.8" />
          <rect className="track-end" x={100 * bar.high - 0.25} y="2.6" width="0.5" height="4.8" />
        </>
      )}
      {bar.tick !== null && (
        <rect
          className="track-tick"
          x={Math.min(99.4, Math.max(0, 100 * bar.tick - 0.3))}
          y="0"
          width="0.6"
          height="10"
        />
      )}
    </svg>
  );
}
