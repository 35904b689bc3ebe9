import type { Problem } from "../api/client";
import { subjectOf } from "../question/phrases";
import { takeBack } from "../question/question";
import { ask, usePlace } from "../state/place";
import { model as modelStore, labelOf } from "../state/model";
import { useStore } from "../state/store";
import { TokenForm } from "./TokenForm";

/** A refusal in the API's own words; where findings cannot hold together, each can be dropped from here. */
export function ProblemNote({ problem }: { problem: Problem }) {
  const model = useStore(modelStore);
  const { question } = usePlace();
  const conflict = problem.conflict ?? [];
  const own = (name: string | null): name is string =>
    name !== null && (question.given.has(name) || question.do.has(name));
  return (
    <div className="note wrong" role="alert">
      <p>
        <strong>{problem.title}.</strong> {problem.detail}
        {problem.did_you_mean && (
          <>
            {" "}
            Did you mean <q>{problem.did_you_mean}</q>?
          </>
        )}
      </p>
      {problem.status === 401 && <TokenForm />}
      {conflict.length > 0 && model && (
        <>
          <p>These cannot hold together. Drop one:</p>
          <ul className="drops">
            {conflict.map((statement) => {
              const name = subjectOf(statement, model.variables.keys());
              return (
                <li key={statement}>
                  {own(name) ? (
                    <button onClick={() => ask(takeBack(question, name))}>
                      Drop “{labelOf(model, name)}” <small>{statement}</small>
                    </button>
                  ) : (
                    <button onClick={() => ask({ ...question, scenario: "none" })}>
                      Ask without the picture <small>it says {statement}</small>
                    </button>
                  )}
                </li>
              );
            })}
          </ul>
        </>
      )}
    </div>
  );
}
