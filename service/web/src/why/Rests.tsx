import { Working } from "../app/Working";
import { useAnswer } from "../app/useAnswer";
import { type EventAsked, attribution, sensitivity } from "../api/resources";
import { Charted } from "../charts/Charted";
import { Share } from "../charts/Share";
import { SpanChart } from "../charts/SpanChart";
import { DataTable } from "../charts/DataTable";
import { questionKey } from "../state/forecasts";
import { labelOf, stateLabel, useModel } from "../state/model";
import { go, usePlace } from "../state/place";
import { percent, percentRange } from "../words/numbers";
import { statementInWords } from "../words/statements";
import { Sources } from "./Sources";
import { breakEven, tips } from "./break-even";

const SHOWN = 10;

/** What the number rests on: the priors that carry the doubt, what would tip it, and the sources. */
export function Rests({ event }: { event: EventAsked }) {
  const model = useModel();
  const { question } = usePlace();
  const key = `${event.target}:${event.state} ${questionKey(model.name, question)} ${model.about.revision}`;
  const shares = useAnswer(`attribution ${key}`, (signal) => attribution(model.name, question, event, signal));
  const swings = useAnswer(shares.data || shares.problem ? `sensitivity ${key}` : null, (signal) =>
    sensitivity(model.name, question, event, null, signal),
  );
  return (
    <>
      <h2>The priors that carry the doubt</h2>
      <Working answer={shares} what="Asking which priors carry the doubt">
        {(found) => (
          <>
            <p>
              The chance is {percent(found.p)}, give or take {(100 * found.sd).toFixed(1)} points. These prior
              statements carry most of that.
            </p>
            <Charted name="The priors that carry the doubt">
              <ol className="priors">
                {found.statements.slice(0, SHOWN).map((each) => (
                  <li key={`${each.file}:${each.line} ${each.what}`}>
                    <Share of={each.share} />
                    <span>
                      <button className="open" onClick={() => go({ focus: each.variable })}>
                        {labelOf(model, each.variable)}
                      </button>{" "}
                      — {statementInWords(model, each.variable, each.what)}
                      <small>
                        {each.ess === null ? "certain" : `as sure as ${+each.ess.toFixed(1)} cases`} ·{" "}
                        <code>
                          {each.file}:{each.line}
                        </code>
                      </small>
                    </span>
                  </li>
                ))}
              </ol>
            </Charted>
            <Sources shares={found.sources} p={found.p} />
          </>
        )}
      </Working>
      <h2>What would move it, and what would tip it</h2>
      <Working answer={swings} what="Moving each prior over its range">
        {(found) => (
          <>
            <SpanChart
              name="How far each prior number moves the event"
              line={found.p}
              least={0.01}
              lineName={`the chance now, ${percent(found.p)}; each bar goes from what one prior number at the low end of its 90 % range would make of it to what the high end would: orange where a higher number raises it, blue where it lowers it`}
              tick={(value) => percent(value)}
              spans={found.rows.slice(0, SHOWN).map((row) => ({
                key: `${row.file}:${row.line} ${row.what}`,
                label: labelOf(model, row.variable),
                note: `${statementInWords(model, row.variable, row.what)}${row.lead && tips(row.lead) ? `; ${breakEven(row.value, row.lead)}` : ""}`,
                from: row.p_low,
                to: row.p_high,
                number: percentRange(Math.min(row.p_low, row.p_high), Math.max(row.p_low, row.p_high)),
                said: `from ${percent(row.p_low)} to ${percent(row.p_high)}`,
              }))}
            />
            {found.leading && (
              <p className="small">
                {`“${stateLabel(model.variables.get(found.target), found.leading[0] ?? "")}” leads, “${stateLabel(model.variables.get(found.target), found.leading[1] ?? "")}” is next: tipping is where they change places.`}
                {found.rows.slice(0, SHOWN).every((row) => !row.lead || !tips(row.lead)) &&
                  " None of these numbers does that alone."}
              </p>
            )}
            <DataTable
              caption="Prior numbers by how far they move the event"
              head={["Prior number", "Now", "Range", "Chance over it", "Tips the lead", "Where"]}
              rows={found.rows
                .slice(0, 40)
                .map((row) => [
                  `${labelOf(model, row.variable)}: ${statementInWords(model, row.variable, row.what)}`,
                  row.value.toFixed(3),
                  `${row.low.toFixed(3)} to ${row.high.toFixed(3)}`,
                  `${percent(row.p_low)} to ${percent(row.p_high)}`,
                  row.lead ? breakEven(row.value, row.lead) : "—",
                  `${row.file}:${row.line}`,
                ])}
            />
          </>
        )}
      </Working>
    </>
  );
}
