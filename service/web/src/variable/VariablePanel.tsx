import { useEffect, useRef, useState } from "react";
import { Charted } from "../charts/Charted";
import { DataTable } from "../charts/DataTable";
import { Moved } from "../charts/Moved";
import { StateBars } from "../charts/StateBars";
import { againstOf, barsOf, changeName, changeOf, largestChange, pendingBars, tickName } from "../charts/rows";
import { Link } from "../app/Link";
import { verbOf, inWords } from "../question/phrases";
import { takeBack } from "../question/question";
import { ask, go, usePlace } from "../state/place";
import { groupLabel, isAnswered, useModel } from "../state/model";
import { percent, percentRange, points } from "../words/numbers";
import { Neighbours } from "./Neighbours";
import { NumbersForm } from "./NumbersForm";
import { CLICKS, type Click, chosenState, clicked, usualClick } from "./saying";
import { useWanted } from "./useWanted";

const CLICK_NAMES: Readonly<Record<Click, string>> = {
  observe: "observes it",
  "rule out": "rules it out",
  set: "sets it, do()",
};

/** One variable: its states as bars to click, everything that can be said of it, and what it hangs on. */
export function VariablePanel({ name }: { name: string }) {
  const model = useModel();
  const { question } = usePlace();
  const variable = model.variables.get(name);
  const forecast = useWanted(name);
  const [picked, setPicked] = useState<{ name: string; click: Click } | null>(null);
  const click = picked?.name === name ? picked.click : usualClick(question, name);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [name]);
  if (!variable) {
    return (
      <section className="panel" aria-label="Variable">
        <p className="note wrong">The model has no variable called “{name}”.</p>
        <button onClick={() => go({ focus: null })}>Close</button>
      </section>
    );
  }
  const said = question.do.get(name) ?? question.given.get(name);
  const isDone = question.do.has(name);
  const rows = forecast?.rows ?? [];
  const against = againstOf(rows);
  const hasMoved = largestChange(rows) !== null;
  const likely = rows.reduce((best, row) => (best && best.p >= row.p ? best : row), rows[0]);
  return (
    <section className="panel" aria-label={variable.label}>
      <header>
        <h2 ref={heading} tabIndex={-1}>
          {variable.label}
        </h2>
        <button className="icon" onClick={() => go({ focus: null })} aria-label="Close the panel">
          ×
        </button>
      </header>
      <p className="small">
        {groupLabel(variable.group)} · {variable.role}
        {variable.unit && <> · in {variable.unit}</>} · <code>{name}</code>
      </p>
      {said && (
        <p className={`said ${isDone ? "done" : "given"}`}>
          <span className="verb">{verbOf(said, isDone)}</span> {inWords(said, variable, isDone).replace(/^set to /, "")}{" "}
          <button onClick={() => ask(takeBack(question, name))}>Take back</button>
        </p>
      )}
      {isAnswered(model, name, question.cohort) ? (
        <>
          <fieldset className="clicks">
            <legend>A click on a state</legend>
            {CLICKS.map((each) => (
              <label key={each}>
                <input
                  type="radio"
                  name="click"
                  checked={click === each}
                  onChange={() => setPicked({ name, click: each })}
                />{" "}
                {CLICK_NAMES[each]}
              </label>
            ))}
          </fieldset>
          <Charted name={variable.label}>
            <StateBars
              name={variable.label}
              isPending={forecast === undefined}
              bars={forecast ? barsOf(rows, variable, said) : pendingBars(variable)}
              tickName={tickName(against, model)}
              chosen={chosenState(question, name)}
              choose={(state) => ask(clicked(question, name, state, variable.states, click))}
              after={(bar) => {
                const row = rows.find((each) => each.state === bar.state);
                return row && hasMoved && <Moved by={changeOf(row, against)} />;
              }}
            />
          </Charted>
          <p className="small">
            {hasMoved || forecast === undefined
              ? `The tick marks the chance ${tickName(against, model)}`
              : `No change ${changeName(against, model)}`}
            ; the thin line holds 90 % of what the priors leave open.
          </p>
          <DataTable
            caption={variable.label}
            head={[
              "State",
              "Chance",
              "90 % interval",
              against === "without" ? "Without" : "Default picture",
              "Difference",
            ]}
            rows={rows.map((row) => {
              const by = changeOf(row, against);
              return [
                barsOf([row], variable)[0]?.label,
                percent(row.p),
                row.lo === null || row.hi === null ? "…" : percentRange(row.lo, row.hi),
                against === "without" ? (row.without == null ? "none" : percent(row.without)) : percent(row.baseline),
                by === null ? "none" : points(by.change),
              ];
            })}
          />
        </>
      ) : (
        <p className="note">
          This is said of the group as a whole, and is not answered for one cohort. Choose “Everyone” to see it.
        </p>
      )}
      <NumbersForm key={`${name}-numbers`} variable={variable} />
      <p className="actions">
        {likely && <Link to={{ view: "why", target: name, state: likely.state, tab: null }}>Why?</Link>}
        <Link to={{ view: "network", focus: name, tab: null }}>In the network</Link>
        <Link to={{ view: "variables", focus: name, tab: null }}>Words, table and sources</Link>
      </p>
      <Neighbours name={name} />
    </section>
  );
}
