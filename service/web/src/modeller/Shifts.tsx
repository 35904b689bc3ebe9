import type { Schemas } from "../api/client";
import { DataTable } from "../charts/DataTable";
import { SpanChart } from "../charts/SpanChart";
import { stateLabel, useModel } from "../state/model";
import { capital, percent, perhapsNothing, points, pointsRange, pointsTick } from "../words/numbers";

type Shift = Schemas["DiffJSON"]["shifts"][number];

const SHOWN = 14;

/** How far an edit moves each headline, largest first, with intervals where they are known. */
export function Shifts({ shifts }: { shifts: readonly Shift[] }) {
  const model = useModel();
  const states = shifts
    .filter((shift) => shift.problem === null)
    .flatMap((shift) => shift.states.map((state) => ({ shift, state })))
    .filter(({ state }) => Math.abs(state.shift ?? 0) >= 0.0005)
    .sort((a, b) => Math.abs(b.state.shift ?? 0) - Math.abs(a.state.shift ?? 0));
  if (states.length === 0) return <p className="note">No headline moves by as much as a tenth of a point.</p>;
  const name = ({ shift, state }: (typeof states)[number]): string =>
    `${shift.label}: ${capital(stateLabel(model.variables.get(shift.target), state.state))}`;
  const picture = (scenario: string | null): string =>
    model.scenarios.find((each) => each.name === (scenario ?? model.about.default_scenario))?.label ?? "no picture";
  return (
    <>
      <SpanChart
        name="Shifts of the headlines"
        line={0}
        least={0.01}
        lineName={`no shift; bars are in points${states.some(({ state }) => state.low !== null) ? ", thin lines hold 90 % of what the priors leave open" : ""}`}
        tick={pointsTick}
        spans={states.slice(0, SHOWN).map(({ shift, state }) => ({
          key: `${shift.headline} ${shift.scenario ?? ""} ${state.state}`,
          label: name({ shift, state }),
          note: `${tenths(state.before)} → ${tenths(state.after)}, ${picture(shift.scenario)}`,
          from: 0,
          to: state.shift ?? 0,
          range: state.low === null || state.high === null ? null : [state.low, state.high],
          number: (
            <>
              {points(state.shift ?? 0)}
              {state.low !== null && state.high !== null && (
                <small>
                  {perhapsNothing(state.low, state.high) ? "perhaps nothing" : pointsRange(state.low, state.high)}
                </small>
              )}
            </>
          ),
          said: `from ${percent(state.before ?? 0)} to ${percent(state.after ?? 0)}`,
        }))}
      />
      <DataTable
        caption="Shifts of the headlines"
        head={["Headline", "Picture", "Before", "After", "Shift", "Its 90 % interval"]}
        rows={states.map((each) => [
          name(each),
          picture(each.shift.scenario),
          percent(each.state.before ?? 0),
          percent(each.state.after ?? 0),
          points(each.state.shift ?? 0),
          each.state.low === null || each.state.high === null ? "—" : pointsRange(each.state.low, each.state.high),
        ])}
      />
    </>
  );
}

/** A chance to a tenth, so that a small shift can be seen in it. */
function tenths(p: number | null): string {
  return `${(100 * (p ?? 0)).toFixed(1)}\u00a0%`;
}
