import { condition } from "../state/forecasts";
import { model as modelStore, models } from "../state/model";
import { useStore } from "../state/store";
import { ProblemNote } from "./ProblemNote";
import { refresh } from "./start";

/** What the reader must know before reading a number: refused, stale, another revision, a model that is broken. */
export function Notices() {
  const { phase, problem, about } = useStore(condition);
  const model = useStore(modelStore);
  const listed = useStore(models);
  const broken = (listed ?? []).filter((each) => each.reasons.length > 0);
  const isOther = model !== null && about !== null && about.revision !== model.about.revision;
  return (
    <div className="notices">
      {problem && <ProblemNote problem={problem} />}
      {problem && about && <p className="note">The numbers below are the last answer, to another question.</p>}
      {phase === "unreachable" && (
        <p className="note warn" role="alert">
          The service does not answer. The numbers below are the last that came.{" "}
          <button onClick={() => void refresh()}>Ask again</button>
        </p>
      )}
      {isOther && (
        <p className="note warn" role="status">
          Another revision of the model is active now: <code>{about.revision}</code>.{" "}
          <button onClick={() => void refresh()}>Load it</button>
        </p>
      )}
      {broken.map((each) => (
        <details key={each.name} className="note">
          <summary>
            {each.ready ? (
              <>
                The files of <code>{each.name}</code> cannot be loaded as they are; the revision before is served
              </>
            ) : (
              <>
                The model <code>{each.name}</code> cannot be loaded
              </>
            )}
          </summary>
          <ul>
            {each.reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </details>
      ))}
      {about?.interval?.warning && <p className="note warn">{about.interval.warning}</p>}
    </div>
  );
}
