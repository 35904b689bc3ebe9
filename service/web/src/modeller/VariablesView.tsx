import { Working } from "../app/Working";
import { useAnswer } from "../app/useAnswer";
import { getVariable } from "../api/resources";
import { groupsOf } from "../start/groups";
import { groupLabel, labelOf, useModel } from "../state/model";
import { go, usePlace } from "../state/place";
import { Sheet } from "./Sheet";

/** One variable as a modeller has it: its words, its table, the statements behind it with their places and sources. */
export default function VariablesView() {
  const model = useModel();
  const { focus } = usePlace();
  const name = focus !== null && model.variables.has(focus) ? focus : (model.about.headline[0] ?? null);
  const key = name === null ? null : `variable ${model.name} ${name} ${model.about.revision}`;
  const answer = useAnswer(key, (signal) => getVariable(model.name, name ?? "", signal));
  if (name === null) return null;
  return (
    <section aria-labelledby="variables">
      <h1 id="variables">{labelOf(model, name)}</h1>
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
    </section>
  );
}
