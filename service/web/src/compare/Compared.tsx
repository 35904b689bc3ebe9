import { AnswerLinks } from "../app/AnswerLinks";
import type { compare } from "../api/resources";
import { Charted } from "../charts/Charted";
import { DataTable } from "../charts/DataTable";
import { Moved } from "../charts/Moved";
import { stateLabel, useModel } from "../state/model";
import { capital, percent, percentRange, points, pointsRange } from "../words/numbers";

type Comparison = Awaited<ReturnType<typeof compare>>;
type Target = Comparison["targets"][number];

/** Every target with the sides' bars under each state, and the difference of each from the first. */
export function Compared({ found, names }: { found: Comparison; names: readonly string[] }) {
  return (
    <>
      {(found.sides ?? []).map((side, i) =>
        side.error ? (
          <p key={side.side} className="note wrong">
            {names[i]}: {side.error.detail}
          </p>
        ) : null,
      )}
      <p className="small">
        Differences are from A, with their 90&nbsp;% range; the line across a bar holds 90&nbsp;% of what the priors
        leave open.
      </p>
      <div className="headlines">
        {found.targets.map((target) => (
          <ComparedTarget key={target.target} target={target} names={names} />
        ))}
      </div>
      <p className="links">
        <AnswerLinks links={found.links} />
      </p>
    </>
  );
}

function ComparedTarget({ target, names }: { target: Target; names: readonly string[] }) {
  const model = useModel();
  const variable = model.variables.get(target.target);
  const label = (state: Target["states"][number]): string => capital(state.label ?? stateLabel(variable, state.state));
  return (
    <article className="headline compared">
      <h2>{target.label}</h2>
      <Charted name={`${target.label}, compared`} note={names.join(". ")}>
        {target.states.map((state) => (
          <div key={state.state} className="compared-state">
            <h3>{label(state)}</h3>
            <ul>
              {(state.sides ?? []).map((side, i) => (
                <li key={i}>
                  <span className="letter" title={names[i]}>
                    {names[i]?.charAt(0)}
                  </span>
                  <Track p={side.p} low={side.lo} high={side.hi} hue={i} />
                  <span className="number">{side.p === null ? "none" : percent(side.p)}</span>
                  <span className="after">
                    {i > 0 && (
                      <Moved
                        by={
                          side.difference === null
                            ? null
                            : { change: side.difference, low: side.difference_lo, high: side.difference_hi }
                        }
                      />
                    )}
                  </span>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </Charted>
      <DataTable
        caption={`${target.label}, compared`}
        head={["State", "Question", "Chance", "90 % interval", "Difference from the first", "Its 90 % interval"]}
        rows={target.states.flatMap((state) =>
          (state.sides ?? []).map((side, i) => [
            label(state),
            names[i],
            side.p === null ? "none" : percent(side.p),
            side.lo === null || side.hi === null ? "—" : percentRange(side.lo, side.hi),
            side.difference === null ? "—" : points(side.difference),
            side.difference_lo === null || side.difference_hi === null
              ? "—"
              : pointsRange(side.difference_lo, side.difference_hi),
          ]),
        )}
      />
    </article>
  );
}

function Track({ p, low, high, hue }: { p: number | null; low: number | null; high: number | null; hue: number }) {
  return (
    <svg
      className="track"
      viewBox="0 0 100 10"
      preserveAspectRatio="none"
      role="img"
      aria-label={p === null ? "no answer" : percent(p)}
    >
      <rect className="track-ground" y="1" width="100" height="8" />
      {p !== null && <rect className={`hue-${hue % 6}`} y="1" width={100 * p} height="8" />}
      {low !== null && high !== null && high > low && (
        <rect className="track-whisker" x={100 * low} y="4.2" width={Math.max(0.4, 100 * (high - low))} height="1.6" />
      )}
    </svg>
  );
}
