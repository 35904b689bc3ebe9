import { scaleLinear } from "d3-scale";
import { Fragment } from "react";
import { Charted } from "../charts/Charted";
import { Ticks } from "../charts/Ticks";
import { percent } from "../words/numbers";
import { gapInWords } from "./gap";

export interface Pair {
  readonly state: string;
  readonly label: string;
  /** Chance of the event where the state is seen, and where it is brought about; null where it cannot be. */
  readonly seen: number | null;
  readonly done: number | null;
  /** Seen less brought about. */
  readonly gap: number | null;
}

const LEAST = 0.01;

/** Each state of a cause as it is seen above the same brought about: two bars from nothing on one scale. */
export function SeenDoneChart({ name, event, pairs }: { name: string; event: string; pairs: readonly Pair[] }) {
  const most = Math.max(LEAST, ...pairs.flatMap(({ seen, done }) => [seen ?? 0, done ?? 0]));
  const at = scaleLinear().domain([0, most]).nice(4).range([0, 100]);
  return (
    <Charted name={name}>
      <figure className="spans">
        <ul aria-label={name}>
          {pairs.map(({ state, label, seen, done, gap }) => (
            <li key={state} className="pair">
              <span className="span-label">
                {label}
                <small>{gap === null ? "not comparable" : gapInWords(gap)}</small>
              </span>
              {(
                [
                  ["seen", seen],
                  ["brought about", done],
                ] as const
              ).map(([way, p]) => (
                <Fragment key={way}>
                  <span className="pair-way">{way}</span>
                  <svg
                    className="track"
                    viewBox="0 0 100 10"
                    preserveAspectRatio="none"
                    role="img"
                    aria-label={`${label} ${way}: ${p === null ? "cannot be" : percent(p)}`}
                  >
                    <rect className="track-ground" y="1" width="100" height="8" />
                    <rect className={way === "seen" ? "bar-seen" : "bar-done"} y="1" width={at(p ?? 0)} height="8" />
                  </svg>
                  <span className="span-number">{p === null ? "cannot be" : percent(p)}</span>
                </Fragment>
              ))}
            </li>
          ))}
        </ul>
        <div className="pair" aria-hidden="true">
          <span className="span-label" />
          <span />
          <Ticks at={at} tick={(value) => percent(value)} />
          <span />
        </div>
        <figcaption className="small">The bars are the chance of “{event}”.</figcaption>
      </figure>
    </Charted>
  );
}
