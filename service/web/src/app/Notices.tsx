import { Fragment } from "react";
import { condition } from "../state/forecasts";
import { model as modelStore, models } from "../state/model";
import { usePlace } from "../state/place";
import { useStore } from "../state/store";
import { ModelNotice } from "./ModelNotice";
import { ProblemNote } from "./ProblemNote";
import { opened, refresh } from "./start";

const LONGEST = 80;

/** What the reader must know before reading a number: refused, stale, another revision, files that are not served. */
export function Notices() {
  const { phase, problem, about } = useStore(condition);
  const model = useStore(modelStore);
  const listed = useStore(models);
  const { unread } = usePlace();
  const kept = useStore(opened);
  const unserved = (listed ?? []).filter((each) => each.reasons.length > 0);
  const served = (listed ?? []).find((each) => each.name === model?.name)?.revision ?? null;
  const active = [about?.revision, served].find((each) => each && each !== model?.about.revision) ?? null;
  return (
    <div className="notices">
      {unread.length > 0 && (
        <p className="note warn" role="alert">
          Left out of the question, since it cannot be read in the address or is said again:{" "}
          {unread.map((each, i) => (
            <Fragment key={each}>
              {i > 0 && ", "}
              <code>{each.length > LONGEST ? `${each.slice(0, LONGEST)}…` : each}</code>
            </Fragment>
          ))}
          .
        </p>
      )}
      {problem && <ProblemNote problem={problem} />}
      {problem && about && <p className="note">The numbers below are the last answer, to another question.</p>}
      {phase === "unreachable" && (
        <p className="note warn" role="alert">
          The service does not answer. The numbers below are the last that came.{" "}
          <button onClick={() => void refresh()}>Ask again</button>
        </p>
      )}
      {model !== null && active !== null && (
        <p className="note warn" role="status">
          Another revision of the model is active now: <code>{active}</code>. What is asked from here on is answered by
          it; names and tables are still those of the one before.{" "}
          <button onClick={() => void refresh()}>Load it</button>
        </p>
      )}
      {kept !== null && kept.model === model?.name && kept.revision !== model.about.revision && (
        <p className="note" role="status">
          This link was made under <code>{kept.revision}</code>, and is asked again of the active revision:{" "}
          <a href={`v1/answers/${kept.answer}.json`}>the answer as it was</a>.{" "}
          <button onClick={() => opened.set(null)}>Close</button>
        </p>
      )}
      {unserved.map((each) => (
        <ModelNotice key={each.name} model={each} />
      ))}
      {about?.interval?.warning && <p className="note warn">{about.interval.warning}</p>}
    </div>
  );
}
