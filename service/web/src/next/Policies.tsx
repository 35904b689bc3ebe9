import { AnswerLinks } from "../app/AnswerLinks";
import { Working } from "../app/Working";
import { useAnswer } from "../app/useAnswer";
import { type EventAsked, policies } from "../api/resources";
import { DataTable } from "../charts/DataTable";
import { SpanChart } from "../charts/SpanChart";
import { set } from "../question/question";
import { questionKey } from "../state/forecasts";
import { labelOf, stateLabel, useModel } from "../state/model";
import { ask, usePlace } from "../state/place";
import { capital, percent, perhapsNothing, points, pointsRange, pointsTick } from "../words/numbers";

const SHOWN = 16;

/** Every setting of every lever, one at a time, by what it does to the event, with intervals. */
export function Policies({ event }: { event: EventAsked }) {
  const model = useModel();
  const { question } = usePlace();
  const key = `policies ${event.target}:${event.state} ${questionKey(model.name, question)} ${model.about.revision}`;
  const answer = useAnswer(key, (signal) => policies(model.name, question, event, signal));
  return (
    <Working answer={answer} what="Trying every lever">
      {(found) => {
        const moving = found.rows
          .filter((row) => Math.abs(row.shift) >= 0.0005)
          .sort((a, b) => Math.abs(b.shift) - Math.abs(a.shift));
        const name = (row: (typeof moving)[number]): string =>
          `${labelOf(model, row.variable)}: ${capital(stateLabel(model.variables.get(row.variable), row.state))}`;
        const range = (row: (typeof moving)[number]): readonly [number, number] | null =>
          row.shift_low === null || row.shift_high === null ? null : [row.shift_low, row.shift_high];
        return (
          <>
            <p>
              Now {percent(found.p)}. Each lever is set by itself, the rest as asked.
              {found.rows.length > moving.length &&
                ` ${found.rows.length - moving.length} of ${found.rows.length} settings change nothing.`}
            </p>
            {moving.length > 0 && (
              <SpanChart
                name="What each setting of each lever does"
                line={0}
                least={0.01}
                lineName="no change; bars are in points, thin lines hold 90 % of what the priors leave open"
                tick={pointsTick}
                spans={moving.slice(0, SHOWN).map((row) => ({
                  key: `${row.variable} ${row.state}`,
                  label: (
                    <button
                      className="open"
                      onClick={() => ask(set(question, row.variable, { verb: "is", state: row.state }))}
                      title="Set it"
                    >
                      {name(row)}
                    </button>
                  ),
                  from: 0,
                  to: row.shift,
                  range: range(row),
                  number: (
                    <>
                      {points(row.shift)}
                      {row.shift_low !== null && row.shift_high !== null && (
                        <small>
                          {perhapsNothing(row.shift_low, row.shift_high)
                            ? "perhaps nothing"
                            : pointsRange(row.shift_low, row.shift_high)}
                        </small>
                      )}
                    </>
                  ),
                  said: points(row.shift),
                }))}
              />
            )}
            <DataTable
              caption="Every setting of every lever"
              head={["Setting", "Chance", "Change", "90 % interval of the change"]}
              rows={found.rows.map((row) => [
                name(row),
                percent(row.p),
                points(row.shift),
                row.shift_low === null || row.shift_high === null ? "—" : pointsRange(row.shift_low, row.shift_high),
              ])}
              links={<AnswerLinks links={found.links} />}
            />
          </>
        );
      }}
    </Working>
  );
}
