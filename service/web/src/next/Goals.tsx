import { AnswerLinks } from "../app/AnswerLinks";
import { type FormEvent, useState } from "react";
import { useChance } from "../app/EventChoice";
import { Working } from "../app/Working";
import { useAnswer } from "../app/useAnswer";
import { type EventAsked, goals } from "../api/resources";
import { type Question, observe, set } from "../question/question";
import { questionKey } from "../state/forecasts";
import { labelOf, stateLabel, useModel } from "../state/model";
import { ask, usePlace } from "../state/place";
import { percent } from "../words/numbers";

interface Limit {
  readonly side: "below" | "above";
  readonly p: number;
}

/** A limit worth asking for, in percent: half of the chance now, or half of what it lacks to be certain. */
export function limitFor(chance: number, side: Limit["side"]): string {
  const limit = side === "below" ? chance / 2 : chance + (1 - chance) / 2;
  const percents = 100 * Math.min(0.999, Math.max(0.001, limit));
  return String(+(side === "above" && percents > 95 ? percents.toFixed(1) : percents.toPrecision(2)));
}

/** The fewest levers that bring an event under or over a limit. */
export function Goals({ event }: { event: EventAsked }) {
  const [side, setSide] = useState<Limit["side"]>("below");
  const chance = useChance(event);
  const [written, setText] = useState<string | null>(null);
  const text = written ?? (chance === null ? "" : limitFor(chance, side));
  const [limit, setLimit] = useState<Limit | null>(null);
  const typed = Number(text) / 100;
  const isValid = text.trim() !== "" && typed > 0 && typed < 1;
  const submit = (submitted: FormEvent): void => {
    submitted.preventDefault();
    if (isValid) setLimit({ side, p: typed });
  };
  return (
    <>
      <p>
        It has a chance of <strong>{chance === null ? "…" : percent(chance)}</strong> now.
      </p>
      <form className="event" onSubmit={submit}>
        <label>
          Bring it{" "}
          <select
            value={side}
            onChange={(change) => {
              setSide(change.target.value as Limit["side"]);
              setText(null);
            }}
          >
            <option value="below">below</option>
            <option value="above">above</option>
          </select>
        </label>
        <label>
          <span className="visually-hidden">Limit in percent</span>
          <input
            className="short"
            inputMode="decimal"
            value={text}
            onChange={(change) => setText(change.target.value)}
          />{" "}
          %
        </label>
        <button disabled={!isValid}>Find the fewest levers</button>
      </form>
      {limit && <Found key={`${limit.side} ${limit.p}`} event={event} limit={limit} />}
    </>
  );
}

function Found({ event, limit }: { event: EventAsked; limit: Limit }) {
  const model = useModel();
  const { question } = usePlace();
  const key = `goals ${limit.side} ${limit.p} ${event.target}:${event.state} ${questionKey(model.name, question)} ${model.about.revision}`;
  const answer = useAnswer(key, (signal) =>
    goals(model.name, question, event, limit.side === "below" ? { below: limit.p } : { above: limit.p }, signal),
  );
  return (
    <Working answer={answer} what="Trying levers together">
      {(found) => (
        <>
          <p>
            {found.met
              ? `It is there already: ${percent(found.p)}.`
              : found.sets.length === 0
                ? `No ${found.searched.at(-1)?.size ?? 1} levers together bring it there from ${percent(found.p)}.${found.best ? ` The nearest they come is ${percent(found.best.p)}.` : ""}`
                : `From ${percent(found.p)}; the fewest levers that bring it there:`}
          </p>
          <ol className="plan">
            {[...found.sets, ...(found.sets.length === 0 && found.best ? [found.best] : [])].map((each) => (
              <li key={each.changes.map((change) => `${change.variable}=${change.state}`).join(" ")}>
                {each.changes
                  .map(
                    (change) =>
                      `${labelOf(model, change.variable)} ${change.verb === "do" ? "set to" : "seen as"} ${stateLabel(model.variables.get(change.variable), change.state)}`,
                  )
                  .join(", and ")}
                : <strong>{percent(each.p)}</strong>{" "}
                <button onClick={() => ask(applied(question, each.changes))}>Ask so</button>
              </li>
            ))}
          </ol>
          {found.cut && <p className="small">There are more; the search was cut short.</p>}
          <p className="links">
            <AnswerLinks links={found.links} />
          </p>
        </>
      )}
    </Working>
  );
}

function applied(
  question: Question,
  changes: readonly { readonly variable: string; readonly verb: "do" | "observe"; readonly state: string }[],
): Question {
  return changes.reduce(
    (next, { variable, verb, state }) =>
      verb === "do" ? set(next, variable, { verb: "is", state }) : observe(next, variable, { verb: "is", state }),
    question,
  );
}
