import { useMemo, useState } from "react";
import { Working } from "../app/Working";
import { useAnswer } from "../app/useAnswer";
import { marginals } from "../api/resources";
import { Moved } from "../charts/Moved";
import { againstOf, changeOf, largestChange } from "../charts/rows";
import { type ShortRow, questionKey } from "../state/forecasts";
import { type Variable, groupLabel, stateLabel, useModel } from "../state/model";
import { ask, go, usePlace } from "../state/place";
import { chosenState, clicked } from "../variable/saying";
import { capital, percent } from "../words/numbers";

/** Every variable as a row, with the same actions as the cards: open it, observe a state, set one. */
export function VariableTable({ group }: { group: string | null }) {
  const model = useModel();
  const { question, tab } = usePlace();
  const isMoved = tab === "moved";
  const [words, setWords] = useState("");
  const key = `marginals ${questionKey(model.name, question)} ${model.about.revision}`;
  const answer = useAnswer(key, (signal) => marginals(model.name, question, signal));
  const shown = useMemo(() => {
    const sought = words.toLowerCase();
    return [...model.variables.values()].filter(
      (each) => (group === null || each.group === group) && `${each.label} ${each.name}`.toLowerCase().includes(sought),
    );
  }, [model, group, words]);
  return (
    <>
      <p className="tools">
        <label>
          Only those with <input value={words} onChange={(event) => setWords(event.target.value)} />
        </label>
        {group === null && (
          <label>
            <input type="checkbox" checked={isMoved} onChange={() => go({ tab: isMoved ? "table" : "moved" })} /> What
            moved, most first
          </label>
        )}
        {!isMoved && <small role="status">{shown.length} variables</small>}
      </p>
      <Working answer={answer} what="Working out every variable">
        {(data) => {
          const rows = new Map<string, readonly ShortRow[]>(
            data.targets.map((each) => [each.target, each.distribution]),
          );
          const listed = isMoved ? movedMost(shown, rows) : shown;
          if (listed.length === 0) return <p className="note">No variable {isMoved ? "moves" : "has these words"}.</p>;
          return (
            <div className="wide-table">
              <table className="variables">
                <thead>
                  <tr>
                    <th scope="col">Variable</th>
                    <th scope="col">Group</th>
                    <th scope="col">Role</th>
                    <th scope="col">Most likely</th>
                    <th scope="col">Moved most</th>
                    <th scope="col">Observe</th>
                    <th scope="col">Set, do()</th>
                  </tr>
                </thead>
                <tbody>
                  {listed.map((each) => (
                    <VariableRow key={each.name} variable={each} rows={rows.get(each.name)} />
                  ))}
                </tbody>
              </table>
            </div>
          );
        }}
      </Working>
    </>
  );
}

/** Those of the variables that moved, the largest difference first. */
function movedMost(
  variables: readonly Variable[],
  rows: ReadonlyMap<string, readonly ShortRow[]>,
): readonly Variable[] {
  const by = (each: Variable): number => Math.abs(largestChange(rows.get(each.name) ?? [])?.by.change ?? 0);
  return variables.filter((each) => by(each) > 0).sort((one, other) => by(other) - by(one));
}

function VariableRow({ variable, rows }: { variable: Variable; rows: readonly ShortRow[] | undefined }) {
  const { question } = usePlace();
  const likely = rows?.reduce((best, row) => (best.p >= row.p ? best : row));
  const largest = rows && largestChange(rows);
  return (
    <tr>
      <th scope="row">
        <button className="open" onClick={() => go({ focus: variable.name })}>
          {variable.label}
        </button>
      </th>
      <td>{groupLabel(variable.group)}</td>
      <td>{variable.role}</td>
      <td>{likely ? `${capital(stateLabel(variable, likely.state))} ${percent(likely.p)}` : "not for one cohort"}</td>
      <td>
        {largest && rows ? (
          <>
            {capital(stateLabel(variable, largest.row.state))} <Moved by={changeOf(largest.row, againstOf(rows))} />
          </>
        ) : (
          "—"
        )}
      </td>
      {(["observe", "set"] as const).map((click) => (
        <td key={click}>
          <select
            aria-label={`${click === "set" ? "Set" : "Observe"} ${variable.label}`}
            value={
              (click === "set" ? question.do : question.given).has(variable.name)
                ? (chosenState(question, variable.name) ?? "")
                : ""
            }
            onChange={(event) => {
              const state = event.target.value || chosenState(question, variable.name);
              if (state) ask(clicked(question, variable.name, state, variable.states, click));
            }}
          >
            <option value="">—</option>
            {variable.states.map((state) => (
              <option key={state} value={state}>
                {stateLabel(variable, state)}
              </option>
            ))}
          </select>
        </td>
      ))}
    </tr>
  );
}
