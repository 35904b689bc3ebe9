import { useState } from "react";
import { Working } from "../app/Working";
import { useAnswer } from "../app/useAnswer";
import { getDiff, getHistory, getRevisions } from "../api/resources";
import { questionKey } from "../state/forecasts";
import { isAnswered, labelOf, stateLabel, useModel } from "../state/model";
import { usePlace } from "../state/place";
import { capital } from "../words/numbers";
import { HistoryChart } from "./HistoryChart";
import { Shifts } from "./Shifts";
import type { Moment } from "./history";

/** The revisions of a model, what an edit between two of them does to the headlines, and a headline over time. */
export function Revisions() {
  const model = useModel();
  const [old, setOld] = useState<string | null>(null);
  const answer = useAnswer(`revisions ${model.name} ${model.about.revision}`, (signal) =>
    getRevisions(model.name, signal),
  );
  return (
    <>
      <h2>Revisions</h2>
      <Working answer={answer} what="Fetching the revisions">
        {(found) => (
          <ol className="sources">
            {found.revisions.map((each) => (
              <li key={each.seq}>
                <code>{each.revision}</code> {each.active && <strong>active</strong>} since{" "}
                {each.at.slice(0, 16).replace("T", " ")} {each.names.length > 0 && `(${each.names.join(", ")})`}
                {(each.message || each.author) && (
                  <small>
                    {each.message} {each.author && `— ${each.author}`}
                  </small>
                )}
                {!each.active && <button onClick={() => setOld(each.revision)}>What changed since?</button>}
              </li>
            ))}
          </ol>
        )}
      </Working>
      {old !== null && <Changed key={old} old={old} />}
      <History />
    </>
  );
}

function Changed({ old }: { old: string }) {
  const model = useModel();
  const key = `diff ${model.name} ${old} ${model.about.revision}`;
  const answer = useAnswer(key, (signal) => getDiff(model.name, `${old}...${model.about.revision}`, signal));
  return (
    <>
      <h2>What changed since {old}</h2>
      <Working answer={answer} what="Working out what the edits do">
        {(found) => (
          <>
            <ul className="sentences">
              {found.edits.map((edit, i) => (
                <li key={i}>
                  {labelOf(model, edit.name)}: {edit.what} {edit.change}{" "}
                  {edit.before !== null && edit.after !== null && `(${edit.before} → ${edit.after})`}
                  {edit.new_place && (
                    <small>
                      {" "}
                      <code>
                        {edit.new_place.file}:{edit.new_place.line}
                      </code>
                    </small>
                  )}
                </li>
              ))}
            </ul>
            <Shifts shifts={found.shifts} />
          </>
        )}
      </Working>
    </>
  );
}

function History() {
  const model = useModel();
  const { question } = usePlace();
  const answered = model.about.headline.filter((name) => isAnswered(model, name, question.cohort));
  const [chosen, setChosen] = useState<string | null>(null);
  const target = chosen ?? answered[0] ?? null;
  const key = target === null ? null : `history ${target} ${questionKey(model.name, question)} ${model.about.revision}`;
  const answer = useAnswer(key, (signal) => getHistory(model.name, target ?? "", question, signal));
  if (target === null) return null;
  return (
    <>
      <h2>A headline, revision by revision</h2>
      <p className="event">
        <label>
          Headline{" "}
          <select value={target} onChange={(event) => setChosen(event.target.value)}>
            {answered.map((name) => (
              <option key={name} value={name}>
                {labelOf(model, name)}
              </option>
            ))}
          </select>
        </label>
      </p>
      <Working answer={answer} what="Working out the history">
        {(found) => (
          <HistoryChart
            name={labelOf(model, target)}
            rows={found.rows as unknown as Moment[]}
            stateName={(state) => capital(stateLabel(model.variables.get(target), state))}
          />
        )}
      </Working>
    </>
  );
}
