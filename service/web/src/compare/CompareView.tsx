import { Working } from "../app/Working";
import { useAnswer } from "../app/useAnswer";
import { compare } from "../api/resources";
import { inShort } from "../question/HistoryControls";
import { EMPTY, isEmpty, withoutDoing } from "../question/question";
import { useModel } from "../state/model";
import { ask, go, usePlace } from "../state/place";
import { Compared } from "./Compared";
import { MOST, askedSide, comparable, questionOfSide, sideOf, withSide } from "./sides";

const LETTERS = "ABCDEFGH";

/** Questions beside each other: scenarios, cohorts, interventions, each held against the first. */
export default function CompareView() {
  const model = useModel();
  const { question, sides } = usePlace();
  const add = (next: readonly string[]): void => go({ sides: next });
  const suggested = question.do.size > 0 ? withoutDoing(question) : EMPTY;
  return (
    <section aria-labelledby="compare">
      <h1 id="compare">Compare</h1>
      <ol className="sides" aria-label="Questions compared">
        {sides.map((side, i) => (
          <li key={side} className={`hue-text-${i % 6}`}>
            <strong>{LETTERS[i]}</strong> <span>{inShort(model, questionOfSide(side))}</span>
            <button onClick={() => ask(questionOfSide(side))}>Ask it</button>
            <button
              className="icon"
              aria-label={`Remove ${LETTERS[i]}`}
              onClick={() => add(sides.filter((each) => each !== side))}
            >
              ×
            </button>
          </li>
        ))}
      </ol>
      <p className="tools">
        <button
          disabled={sides.length >= MOST || sides.includes(sideOf(question))}
          onClick={() => add(withSide(sides, question))}
        >
          Add the question as it stands
        </button>
        {!isEmpty(question) && !sides.includes(sideOf(suggested)) && (
          <button onClick={() => add(withSide(withSide(sides, suggested), question))}>
            {question.do.size > 0 ? "With and without what is done" : "With and without what is said"}
          </button>
        )}
        {model.scenarios.length > 1 && (
          <button
            onClick={() =>
              add(
                model.scenarios
                  .slice(0, MOST)
                  .map((each) =>
                    sideOf({ ...question, scenario: each.name === model.about.default_scenario ? null : each.name }),
                  ),
              )
            }
          >
            Every picture
          </button>
        )}
        {model.cohorts.length > 1 && (
          <label>
            Add a cohort{" "}
            <select
              value=""
              onChange={(event) =>
                event.target.value && add(withSide(sides, { ...question, cohort: event.target.value }))
              }
            >
              <option value="">—</option>
              {model.cohorts.map((each) => (
                <option key={each.name} value={each.name}>
                  {each.label}
                </option>
              ))}
            </select>
          </label>
        )}
        {sides.length > 0 && <button onClick={() => add([])}>Clear</button>}
      </p>
      {sides.length < 2 ? (
        <p className="hint">Put two or more questions beside each other; each is held against the first.</p>
      ) : (
        <Beside sides={sides} />
      )}
    </section>
  );
}

function Beside({ sides }: { sides: readonly string[] }) {
  const model = useModel();
  const { focus } = usePlace();
  const asked = sides.map((side) => askedSide(model, side));
  const targets = comparable(model, sides, focus);
  const key = `compare ${model.name} ${targets.join(",")} ${asked.map(sideOf).join(" ")} ${model.about.revision}`;
  const answer = useAnswer(key, (signal) => compare(model.name, targets, asked, signal));
  return (
    <Working answer={answer} what="Holding the questions beside each other">
      {(found) => (
        <Compared
          found={found}
          names={sides.map((side, i) => `${LETTERS[i]} · ${inShort(model, questionOfSide(side))}`)}
        />
      )}
    </Working>
  );
}
