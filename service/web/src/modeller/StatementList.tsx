import type { VariableSheet } from "./Sheet";

/** The prior statements of a variable: what each says, how sure it is, on what, and where it is written. */
export function StatementList({ found }: { found: VariableSheet }) {
  return (
    <ol className="statements-list">
      {found.statements.map((each, i) => (
        <li key={i}>
          <span>{each.what}</span>
          <small>
            {each.ess === null ? "certain" : `as sure as ${+each.ess.toFixed(1)} cases`} ·{" "}
            {each.published === "nothing" ? "judged" : `published: ${each.published}`} · {each.sources.join(", ")} ·{" "}
            <code>
              {each.file}:{each.line}
            </code>
          </small>
          {each.reason && <small>{each.reason}</small>}
          {each.pool && (
            <small>
              {each.pool.of.length} experts, pooled {each.pool.method}ly
            </small>
          )}
        </li>
      ))}
    </ol>
  );
}
