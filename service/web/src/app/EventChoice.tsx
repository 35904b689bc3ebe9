import { useForecast, headlinesOf } from "../state/forecasts";
import { isAnswered, stateLabel, useModel } from "../state/model";
import { go, usePlace } from "../state/place";
import { capital } from "../words/numbers";
import { useEffect } from "react";
import { want } from "../state/forecasts";
import type { EventAsked } from "../api/resources";

/** The event that an analysis is about: of the address, else the most likely state of the first headline. */
export function useEvent(): EventAsked | null {
  const { target, state, question } = usePlace();
  const model = useModel();
  const first = headlinesOf(model).find((each) => isAnswered(model, each.target, question.cohort))?.target ?? null;
  const chosen = target !== null && model.variables.has(target) ? target : first;
  useEffect(() => (chosen === null ? undefined : want(chosen)), [chosen]);
  const forecast = useForecast(chosen ?? "");
  if (chosen === null) return null;
  if (state !== null && model.variables.get(chosen)?.states.includes(state)) return { target: chosen, state };
  const likely = forecast?.rows.reduce((best, row) => (best.p >= row.p ? best : row));
  return likely ? { target: chosen, state: likely.state } : null;
}

/** Choose what an analysis is about: a variable, and one of its states. */
export function EventChoice({ event }: { event: EventAsked }) {
  const model = useModel();
  const { question } = usePlace();
  const variable = model.variables.get(event.target);
  const headlines = new Set(model.about.headline);
  const answered = [...model.variables.values()].filter((each) => isAnswered(model, each.name, question.cohort));
  const option = (name: string, label: string) => (
    <option key={name} value={name}>
      {label}
    </option>
  );
  return (
    <p className="event">
      <label>
        About{" "}
        <select value={event.target} onChange={(change) => go({ target: change.target.value, state: null })}>
          <optgroup label="Headlines">
            {answered.filter((each) => headlines.has(each.name)).map((each) => option(each.name, each.label))}
          </optgroup>
          <optgroup label="Everything else">
            {answered.filter((each) => !headlines.has(each.name)).map((each) => option(each.name, each.label))}
          </optgroup>
        </select>
      </label>
      <label>
        being{" "}
        <select value={event.state} onChange={(change) => go({ target: event.target, state: change.target.value })}>
          {(variable?.states ?? []).map((state) => option(state, capital(stateLabel(variable, state))))}
        </select>
      </label>
    </p>
  );
}

/** The chance of an event under the question as it stands, null until it is known. */
export function useChance({ target, state }: EventAsked): number | null {
  const forecast = useForecast(target);
  return forecast?.rows.find((row) => row.state === state)?.p ?? null;
}
