import type { ReactNode } from "react";
import { Link } from "../app/Link";
import { withSide } from "../compare/sides";
import { ask, go, usePlace } from "../state/place";
import { labelOf, useModel } from "../state/model";
import { condition } from "../state/forecasts";
import { useStore } from "../state/store";
import { percent } from "../words/numbers";
import { History, HistoryControls, inShort } from "./HistoryControls";
import { useNarrow } from "./useNarrow";
import { inWords, verbOf } from "./phrases";
import { NamedQuestions } from "./Named";
import { Picture } from "./Picture";
import { EMPTY, type Finding, type Setting, isEmpty, takeBack, withoutDoing } from "./question";
import { Search } from "./Search";
import { Share } from "./Share";

/** The question of the moment: what is known, what is done, and under which picture. */
export function QuestionPanel() {
  const { question, sides } = usePlace();
  const { about } = useStore(condition);
  const said = question.given.size + question.do.size;
  const unused = new Set(about?.status.no_effect ?? []);
  return (
    <aside className="question" aria-label="Your question">
      <div className="question-head">
        <h2>Your question</h2>
        <HistoryControls />
      </div>
      <Search />
      <Folded>
        {said === 0 ? (
          <p className="hint">
            Nothing is said yet beside the picture below. Find a variable above, then click a state to observe it or set
            it.
          </p>
        ) : (
          <ul className="statements">
            {[...question.do].map(([name, setting]) => (
              <Statement key={name} name={name} said={setting} isDoing isUnused={unused.has(name)} />
            ))}
            {[...question.given].map(([name, finding]) => (
              <Statement key={name} name={name} said={finding} isDoing={false} isUnused={unused.has(name)} />
            ))}
          </ul>
        )}
        <Picture />
        {about && (
          <p className="hint">
            All that is said, the picture included, had a probability of {percent(about.p_evidence)} before it was
            known.
            {about.conflict_bits !== null && about.conflict_bits > 1 && <> The findings sit badly together: see Why.</>}
          </p>
        )}
        {!isEmpty(question) && (
          <p>
            <button onClick={() => ask(EMPTY)}>Clear the question</button>{" "}
            <Link
              to={{
                view: "compare",
                sides: withSide(withSide(sides, question.do.size > 0 ? withoutDoing(question) : EMPTY), question),
                tab: null,
              }}
            >
              Compare
            </Link>
          </p>
        )}
        <NamedQuestions />
        <Share />
        <History />
      </Folded>
    </aside>
  );
}

/** On a narrow page the question stands in one line that opens, so that the answer is not far below. */
function Folded({ children }: { children: ReactNode }) {
  const model = useModel();
  const { question } = usePlace();
  const isNarrow = useNarrow();
  if (!isNarrow) return <>{children}</>;
  return (
    <details className="folded">
      <summary>{inShort(model, question)}</summary>
      {children}
    </details>
  );
}

function Statement({
  name,
  said,
  isDoing,
  isUnused,
}: {
  name: string;
  said: Finding | Setting;
  isDoing: boolean;
  isUnused: boolean;
}) {
  const { question, focus } = usePlace();
  const model = useModel();
  const variable = model.variables.get(name);
  const verb = verbOf(said, isDoing);
  return (
    <li className={`statement ${isDoing ? "done" : "given"}`}>
      <span className="verb">{verb}</span>
      <button
        className="open"
        aria-expanded={focus === name}
        onClick={() => go({ focus: focus === name ? null : name })}
      >
        {labelOf(model, name)}: <strong>{inWords(said, variable, isDoing).replace(/^set to /, "")}</strong>
      </button>
      <button
        className="icon"
        aria-label={`Take back ${labelOf(model, name)}`}
        onClick={() => ask(takeBack(question, name))}
      >
        ×
      </button>
      {isUnused && <small>changes none of the headlines</small>}
    </li>
  );
}
