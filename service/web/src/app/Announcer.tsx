import { largestChange } from "../charts/rows";
import { condition, forecasts, headlinesOf } from "../state/forecasts";
import { isEmpty } from "../question/question";
import { usePlace } from "../state/place";
import { model as modelStore, stateLabel } from "../state/model";
import { useStore } from "../state/store";
import { percent, points } from "../words/numbers";

/** Tells screen readers what moved, once an answer is whole. */
export function Announcer() {
  const { phase } = useStore(condition);
  const model = useStore(modelStore);
  const { question } = usePlace();
  const moved: string[] = [];
  if (phase === "done" && model) {
    for (const headline of headlinesOf(model)) {
      const forecast = forecasts.get(headline.name);
      const largest = forecast && largestChange(forecast.rows);
      if (!largest) continue;
      const label = largest.row.label ?? stateLabel(model.variables.get(headline.target), largest.row.state);
      moved.push(`${headline.label}: ${label} ${percent(largest.row.p)}, ${points(largest.by.change)}`);
    }
  }
  return (
    <p className="visually-hidden" role="status" aria-live="polite">
      {moved.slice(0, 3).join(". ") || (phase === "done" && !isEmpty(question) ? "No headline moves" : "")}
    </p>
  );
}
