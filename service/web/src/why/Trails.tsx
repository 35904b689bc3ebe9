import { Link } from "../app/Link";
import { labelOf, useModel } from "../state/model";
import { points } from "../words/numbers";
import type { Explanation } from "./account";

/** A change that is none: what rounding leaves. */
const LEAST = 1e-9;

/** The strongest ways along which findings reach the event, each a chain of variables. */
export function Trails({ found }: { found: Explanation }) {
  const model = useModel();
  const trails = found.chains.filter((trail) => trail.steps.length > 0);
  if (trails.length === 0) return null;
  return (
    <>
      <h2>The ways it takes</h2>
      <ol className="trails">
        {trails.map((trail, i) => (
          <li key={i}>
            <span className="trail">
              <Stop name={trail.steps[0]?.start ?? ""} />
              {trail.steps.map((step) => (
                <span key={`${step.start} ${step.end}`}>
                  <span aria-label={step.forward ? "acts on" : "is an effect of"} role="img" className="arrow">
                    {step.forward ? "→" : "←"}
                  </span>
                  <Stop name={step.end} />
                </span>
              ))}
            </span>
            <small>
              {along(trail.change)} along its first arc
              {trail.trails > 1 && `, with ${trail.trails - 1} more ways that begin alike`}
              {" · "}
              <Link
                to={{
                  view: "network",
                  focus: found.target,
                  tab: null,
                  via: [trail.steps[0]?.start ?? "", ...trail.steps.map((step) => step.end)],
                }}
              >
                In the network
              </Link>
            </small>
          </li>
        ))}
      </ol>
      <p className="small">
        → goes from cause to effect, ← from effect to cause. {labelOf(model, found.target)} is where each ends.
      </p>
    </>
  );
}

/** By how much a way moves the event, also where that is too little for a digit. */
function along(change: number): string {
  if (Math.abs(change) < LEAST) return "Moves other states of it, not this one,";
  return Math.abs(change) < 0.0001 ? `${change > 0 ? "Raises" : "Lowers"} it by less than 0.01 points` : points(change);
}

function Stop({ name }: { name: string }) {
  const model = useModel();
  return (
    <Link className="chip" to={{ view: "network", focus: name, tab: null, via: [] }}>
      {labelOf(model, name)}
    </Link>
  );
}
