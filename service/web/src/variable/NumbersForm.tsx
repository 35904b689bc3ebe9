import { type FormEvent, useState } from "react";
import { observe, set } from "../question/question";
import { ask, usePlace } from "../state/place";
import { type Variable, stateLabel } from "../state/model";
import { numbersTyped } from "./saying";

const MEANINGS = {
  like: { name: "Report", hint: "How many times likelier the report is under each state; only ratios count." },
  assumed: { name: "Assume", hint: "Chances in % to be held whatever else is known; they sum to 100." },
  chances: {
    name: "Set chances, do()",
    hint: "Chances in % that it is made to follow, whatever its causes; they sum to 100.",
  },
} as const;
type Meaning = keyof typeof MEANINGS;

/** A report, chances held, or chances set: one number a state. */
export function NumbersForm({ variable }: { variable: Variable }) {
  const { question } = usePlace();
  const [meaning, setMeaning] = useState<Meaning>("like");
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>(() =>
    Object.fromEntries(variable.states.map((each) => [each, ""])),
  );
  const numbers = numbersTyped(typed, meaning);
  const total = Object.values(typed).reduce((sum, text) => sum + (Number(text) || 0), 0);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (numbers === null) return;
    ask(
      meaning === "chances"
        ? set(question, variable.name, { verb: "chances", numbers })
        : observe(question, variable.name, { verb: meaning, numbers }),
    );
  };
  return (
    <details className="numbers">
      <summary>Report, assume or set chances</summary>
      <form onSubmit={submit}>
        <label>
          What
          <select value={meaning} onChange={(event) => setMeaning(event.target.value as Meaning)}>
            {Object.entries(MEANINGS).map(([key, { name }]) => (
              <option key={key} value={key}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <p className="small">{MEANINGS[meaning].hint}</p>
        {variable.states.map((state) => (
          <label key={state} className="number-field">
            {stateLabel(variable, state)}
            <input
              inputMode="decimal"
              value={typed[state] ?? ""}
              onChange={(event) => setTyped({ ...typed, [state]: event.target.value })}
            />
          </label>
        ))}
        <p className="small" role="status">
          {meaning !== "like" && numbers === null ? `They sum to ${+total.toFixed(2)}, and must sum to 100.` : "\u00a0"}
        </p>
        <button disabled={numbers === null}>Say it</button>
      </form>
    </details>
  );
}
