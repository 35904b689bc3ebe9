import { Working } from "../app/Working";
import { useAnswer } from "../app/useAnswer";
import { getVariable } from "../api/resources";
import { groupsOf } from "../start/groups";
import { groupLabel, labelOf, useModel } from "../state/model";
import { go, usePlace } from "../state/place";
import { Link } from "../app/Link";
import { Revisions } from "./Revisions";
import { Sheet } from "./Sheet";

/** One variable as a modeller has it: its words, its table, the statements behind it with their places and sources. */
export default function VariablesView() {
  const model = useModel();
  const { focus, tab } = usePlace();
  const name = focus !== null && model.variables.has(focus) ? focus : (model.about.headline[0] ?? null);
  if (name === null) return null;
  return (
    <section aria-labelledby="variables">
      <h1 id="variables">{tab === "revisions" ? "How the model changed" : labelOf(model, name)}</h1>
      <ul className="tabs" aria-label="Of a variable, or of the model">
        <li>
          <Link to={{ tab: null }} aria-current={tab === null ? "page" : undefined}>
            A variable
          </Link>
        </li>
        <li>
          <Link to={{ tab: "revisions" }} aria-current={tab === "revisions" ? "page" : undefined}>
            Revisions
          </Link>
        </li>
      </ul>
      {tab === "revisions" ? <Revisions /> : <Words name={name} />}
    </section>
  );
}

function Words({ name }: { name: string }) {
  const model = useModel();
  const key = `variable ${model.name} ${name} ${model.about.revision}`;
  const answer = useAnswer(key, (signal) => getVariable(model.name, name, signal));
  return (
    <>
      <p className="event">
        <label>
          Variable{" "}
          <select value={name} onChange={(event) => go({ focus: event.target.value })}>
            {groupsOf(model).map((group) => (
              <optgroup key={group.name} label={groupLabel(group.name)}>
                {group.variables.map((each) => (
                  <option key={each} value={each}>
                    {labelOf(model, each)}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        </label>
      </p>
      <Working answer={answer} what="Fetching the variable">
        {(found) => <Sheet found={found} />}
      </Working>
    </>
  );
}
