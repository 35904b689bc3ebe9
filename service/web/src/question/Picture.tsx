import { ask, usePlace } from "../state/place";
import { useModel } from "../state/model";

const NONE = "none";

/** Which named picture stands behind the question, and of whom it is asked. */
export function Picture() {
  const { question } = usePlace();
  const { about, scenarios, cohorts } = useModel();
  const usual = about.default_scenario;
  const chosen = question.scenario ?? usual ?? NONE;
  const note = scenarios.find((each) => each.name === chosen)?.note;
  const cohort = cohorts.find((each) => each.name === question.cohort);
  return (
    <div className="picture">
      {scenarios.length > 0 && (
        <label>
          Picture
          <select
            value={chosen}
            onChange={(event) =>
              ask({ ...question, scenario: event.target.value === (usual ?? NONE) ? null : event.target.value })
            }
          >
            {scenarios.map((each) => (
              <option key={each.name} value={each.name}>
                {each.label}
                {each.name === usual ? " (default)" : ""}
              </option>
            ))}
            <option value={NONE}>No picture</option>
          </select>
        </label>
      )}
      {note && (
        <details>
          <summary>What the picture says</summary>
          <p>{note}</p>
        </details>
      )}
      {cohorts.length > 0 && (
        <label>
          Of whom
          <select
            value={question.cohort ?? ""}
            onChange={(event) => ask({ ...question, cohort: event.target.value || null })}
          >
            <option value="">Everyone</option>
            {cohorts.map((each) => (
              <option key={each.name} value={each.name}>
                {each.label}
              </option>
            ))}
          </select>
        </label>
      )}
      {cohort && (
        <p className="hint">
          {cohort.low.toLocaleString("en")} to {cohort.high.toLocaleString("en")} people (90 % range). Only what is said
          of one person is answered.
        </p>
      )}
    </div>
  );
}
