import { useState } from "react";
import { Working } from "../app/Working";
import { useAnswer } from "../app/useAnswer";
import { type EventAsked, causeEffect } from "../api/resources";
import { SeenDoneChart } from "./SeenDoneChart";
import { DataTable } from "../charts/DataTable";
import { takeBack } from "../question/question";
import { questionKey } from "../state/forecasts";
import { type Model, labelOf, stateLabel, useModel } from "../state/model";
import { usePlace } from "../state/place";
import { capital, percent, points } from "../words/numbers";
import type { Explanation } from "./account";

/** Where seeing a state and bringing it about differ, and the common causes that make the gap. */
export function SeenAndDone({ found, event }: { found: Explanation; event: EventAsked }) {
  const model = useModel();
  const { question } = usePlace();
  const spoken = [...question.do.keys(), ...question.given.keys()].filter((name) => name !== event.target);
  const [chosen, setChosen] = useState<string | null>(null);
  const cause = chosen !== null && spoken.includes(chosen) ? chosen : (spoken[0] ?? null);
  const asked = cause === null ? question : takeBack(question, cause);
  const key =
    cause === null
      ? null
      : `cause-effect ${cause} ${event.target}:${event.state} ${questionKey(model.name, asked)} ${found.revision}`;
  const answer = useAnswer(key, (signal) =>
    causeEffect(model.name, asked, { cause: cause ?? "", effect: event.target, state: event.state }, signal),
  );
  if (cause === null) return null;
  const variable = model.variables.get(cause);
  return (
    <>
      <h2>Seen, or done?</h2>
      {spoken.length > 1 && (
        <p>
          <label>
            Cause{" "}
            <select value={cause} onChange={(change) => setChosen(change.target.value)}>
              {spoken.map((name) => (
                <option key={name} value={name}>
                  {labelOf(model, name)}
                </option>
              ))}
            </select>
          </label>
        </p>
      )}
      <Working answer={answer} what="Holding seeing against doing">
        {(data) => {
          const widest = Math.max(0, ...data.rows.map((row) => Math.abs(row.gap ?? 0)));
          const name = `${labelOf(model, cause)}, seen and brought about`;
          const about = stateLabel(model.variables.get(event.target), event.state);
          return (
            <>
              <p>
                {widest < 0.0005
                  ? `Seeing “${labelOf(model, cause)}” and bringing it about come to the same here.`
                  : `Seeing “${labelOf(model, cause)}” and bringing it about differ by up to ${points(widest).replace("+", "")}: ${whatParts(model, data.backdoor)}.`}
              </p>
              <SeenDoneChart
                name={name}
                event={`${labelOf(model, event.target)}: ${about}`}
                pairs={data.rows.map((row) => ({
                  state: row.state,
                  label: capital(stateLabel(variable, row.state)),
                  seen: row.observe,
                  done: row.intervene,
                  gap: row.gap,
                }))}
              />
              <DataTable
                caption={name}
                head={["State", "Chance where it is seen", "Chance where it is brought about", "Gap"]}
                rows={data.rows.map((row) => [
                  capital(stateLabel(variable, row.state)),
                  row.observe === null ? "impossible" : percent(row.observe),
                  row.intervene === null ? "impossible" : percent(row.intervene),
                  row.gap === null ? "none" : points(row.gap),
                ])}
              />
            </>
          );
        }}
      </Working>
    </>
  );
}

type Backdoor = Awaited<ReturnType<typeof causeEffect>>["backdoor"];
const NAMED = 3;

/** Why seeing tells more than doing does: by what the cause and the event share. */
function whatParts(model: Model, { confounders, reverse }: Backdoor): string {
  if (reverse) return "the event acts on it, not it on the event";
  if (confounders.length === 0) return "what causes it moves the event too";
  const named = confounders.slice(0, NAMED).map((name) => `“${labelOf(model, name)}”`);
  const more = confounders.length - named.length;
  const last = more > 0 ? `${more} more` : named.pop();
  const all = named.length > 0 ? `${named.join(", ")} and ${last}` : last;
  return `it tells of ${all}, which move${confounders.length === 1 ? "s" : ""} the event too`;
}
