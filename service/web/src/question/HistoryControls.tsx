import { redo, returnTo, steps, undo } from "../state/place";
import { type Model, labelOf, useModel } from "../state/model";
import { useStore } from "../state/store";
import { inWords } from "./phrases";
import { type Question, isEmpty } from "./question";

export function HistoryControls() {
  const { past, future } = useStore(steps);
  return (
    <div className="history">
      <button className="icon" onClick={undo} disabled={past.length === 0} aria-label="Undo" title="Undo (Ctrl+Z)">
        ↶
      </button>
      <button
        className="icon"
        onClick={redo}
        disabled={future.length === 0}
        aria-label="Redo"
        title="Redo (Ctrl+Shift+Z)"
      >
        ↷
      </button>
    </div>
  );
}

/** The questions before this one, each a button back to it; it stands last, so that nothing moves when it comes. */
export function History() {
  const { past } = useStore(steps);
  const model = useModel();
  if (past.length === 0) return null;
  return (
    <details className="past">
      <summary>History</summary>
      <ol>
        {past.map((each, i) => (
          <li key={i}>
            <button onClick={() => returnTo(i)}>{inShort(model, each)}</button>
          </li>
        ))}
      </ol>
    </details>
  );
}

/** A question in a line, for a list of questions. */
export function inShort(model: Model, question: Question): string {
  if (isEmpty(question))
    return model.about.default_scenario ? "Nothing said beside the default picture" : "Nothing said";
  const parts = [
    ...[...question.do].map(
      ([name, said]) => `${labelOf(model, name)} ${inWords(said, model.variables.get(name), true)}`,
    ),
    ...[...question.given].map(
      ([name, said]) => `${labelOf(model, name)}: ${inWords(said, model.variables.get(name), false)}`,
    ),
  ];
  if (question.scenario !== null) {
    parts.push(model.scenarios.find((each) => each.name === question.scenario)?.label ?? "no picture");
  }
  if (question.cohort !== null)
    parts.push(model.cohorts.find((each) => each.name === question.cohort)?.label ?? question.cohort);
  return parts.join("; ");
}
