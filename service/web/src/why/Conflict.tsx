import { takeBack } from "../question/question";
import { useModel } from "../state/model";
import { ask, usePlace } from "../state/place";
import { percent } from "../words/numbers";
import { type Explanation, findingLabel } from "./account";

const RARE = 0.05;

/** Whether the findings sit badly together, and which of them to doubt. */
export function Conflict({ found }: { found: Explanation }) {
  const model = useModel();
  const { question } = usePlace();
  const worst = [...found.conflict.findings].sort((a, b) => b.bits - a.bits)[0];
  const rare = found.surprises.filter((each) => each.p !== null && each.p < RARE);
  if (!found.conflict.flagged && rare.length === 0)
    return found.balance.weights.length > 1 && found.conflict.bits !== null ? (
      <p className="small">No conflict: no finding has to be doubted because of the others.</p>
    ) : null;
  return (
    <div className="note warn">
      {found.conflict.flagged && worst && (
        <p>
          The findings sit badly together (conflict {(found.conflict.bits ?? 0).toFixed(1)} bits). Doubt first:{" "}
          {findingLabel(model, found, worst.finding)}.{" "}
          {question.given.has(worst.finding) && (
            <button onClick={() => ask(takeBack(question, worst.finding))}>Take it back</button>
          )}
        </p>
      )}
      {rare.map((each) => (
        <p key={each.finding}>
          Surprising: {findingLabel(model, found, each.finding)} had only {percent(each.p ?? 0)} given the rest.
        </p>
      ))}
    </div>
  );
}
