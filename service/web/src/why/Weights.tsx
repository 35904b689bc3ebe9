import { SpanChart } from "../charts/SpanChart";
import { DataTable } from "../charts/DataTable";
import { useModel } from "../state/model";
import { percent, points, pointsRange, pointsTick } from "../words/numbers";
import { type Explanation, findingLabel, oddsFactor } from "./account";

/** What each finding weighs, and what each thing done moved, as bars to either side. */
export function Weights({ found }: { found: Explanation }) {
  const model = useModel();
  const { weights } = found.balance;
  const done = found.done?.each ?? [];
  return (
    <>
      {done.length > 0 && (
        <>
          <h2>What each thing done moves by itself</h2>
          <SpanChart
            name="Effect of each thing done"
            line={0}
            least={0.01}
            lineName="no effect; bars are in points, the thin line holds 90 % of what the priors leave open"
            tick={pointsTick}
            spans={done.map((each) => ({
              key: each.variable,
              label: findingLabel(model, found, each.variable),
              from: 0,
              to: each.effect ?? 0,
              range: each.effect_low === null || each.effect_high === null ? null : [each.effect_low, each.effect_high],
              number: each.effect === null ? "impossible" : points(each.effect),
              said:
                each.effect === null
                  ? "impossible alone"
                  : `${points(each.effect)}${each.effect_low === null || each.effect_high === null ? "" : `, ${pointsRange(each.effect_low, each.effect_high)}`}`,
            }))}
          />
        </>
      )}
      {weights.length > 0 && (
        <>
          <h2>What each finding weighs</h2>
          <SpanChart
            name="Weight of each finding"
            line={0}
            lineName="a finding that leaves the odds as they are; right of it findings speak for the event, left against it"
            least={1}
            tick={(value) => oddsFactor(value).replace("odds ", "").replace("as before", "× 1")}
            spans={[...weights]
              .sort((a, b) => Math.abs(b.db ?? Infinity) - Math.abs(a.db ?? Infinity))
              .map((each) => ({
                key: each.finding,
                label: findingLabel(model, found, each.finding),
                note: `without it ${percent(each.p_without)}`,
                from: 0,
                to: each.db ?? 0,
                number: oddsFactor(each.db),
                said: oddsFactor(each.db),
              }))}
          />
          <DataTable
            caption="What each finding weighs"
            head={["Finding", "Weight", "Decibels", "Without it", "It alone changes"]}
            rows={weights.map((each) => [
              findingLabel(model, found, each.finding),
              oddsFactor(each.db),
              each.db?.toFixed(2) ?? "decides",
              percent(each.p_without),
              points(each.delta),
            ])}
          />
        </>
      )}
    </>
  );
}
