import { useState } from "react";
import { useModel } from "../state/model";
import { statementInWords } from "../words/statements";
import type { VariableSheet } from "./Sheet";
import { TryNumber } from "./TryNumber";

type Statement = VariableSheet["statements"][number];

/** The prior statements of a variable: what each says, how sure it is, on what, and where it is written. */
export function StatementList({ found }: { found: VariableSheet }) {
  return (
    <ol className="statements-list">
      {found.statements.map((each) => (
        <StatementItem key={`${each.file}:${each.line} ${each.what}`} variable={found.name} said={each} />
      ))}
    </ol>
  );
}

function StatementItem({ variable, said }: { variable: string; said: Statement }) {
  const model = useModel();
  const [isTried, setTried] = useState(false);
  return (
    <li>
      <span>{statementInWords(model, variable, said.what)}</span>
      <small>
        {said.ess === null ? "certain" : `as sure as ${+said.ess.toFixed(1)} cases`} ·{" "}
        {said.published === "nothing" ? "judged" : `published: ${said.published}`} · {said.sources.join(", ")} ·{" "}
        <code>
          {said.file}:{said.line}
        </code>
      </small>
      {said.reason && <small>{said.reason}</small>}
      {said.pool && (
        <small>
          {said.pool.of.length} experts, pooled {said.pool.method}ly
        </small>
      )}
      <button aria-expanded={isTried} onClick={() => setTried(!isTried)}>
        Try a number
      </button>
      {isTried && <TryNumber at={said} />}
    </li>
  );
}
