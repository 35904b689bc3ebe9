import type { Problem } from "../api/client";
import { type Drop, dropsOf } from "../question/drops";
import { labelOf, model as modelStore } from "../state/model";
import { ask, usePlace } from "../state/place";
import { useStore } from "../state/store";
import { TokenForm } from "./TokenForm";

const OFFERS: Readonly<Record<Exclude<Drop["of"], "question">, string>> = {
  cohort: "Ask of everyone",
  picture: "Ask without the picture",
};

/** A refusal in the API's own words; where findings cannot hold together, each can be dropped from here. */
export function ProblemNote({ problem }: { problem: Problem }) {
  const model = useStore(modelStore);
  const { question } = usePlace();
  const drops = model ? dropsOf(model, question, problem.conflict ?? []) : [];
  return (
    <div className="note wrong" role="alert">
      <p>
        <strong>{problem.title}:</strong> {problem.detail}
        {!/[.!?]$/.test(problem.detail) && "."}
        {problem.did_you_mean && (
          <>
            {" "}
            Did you mean <q>{problem.did_you_mean}</q>?
          </>
        )}
      </p>
      {problem.status === 401 && <TokenForm />}
      {drops.length > 0 && (
        <>
          <p>These cannot hold together. Drop one:</p>
          <ul className="drops">
            {drops.map((drop) => (
              <li key={drop.statement}>
                <button onClick={() => ask(drop.without)}>
                  {drop.of === "question" && model
                    ? `Drop “${labelOf(model, drop.variable ?? "")}”`
                    : OFFERS[drop.of === "cohort" ? "cohort" : "picture"]}{" "}
                  <small>{drop.of === "question" ? drop.statement : `it says ${drop.statement}`}</small>
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
