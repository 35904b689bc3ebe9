import { AnswerLinks } from "../app/AnswerLinks";
import type { getVariable } from "../api/resources";
import { labelOf, stateLabel, useModel } from "../state/model";
import { SourceName } from "../why/Sources";
import { capital, percent } from "../words/numbers";
import { statementInWords } from "../words/statements";
import { StatementList } from "./StatementList";

export type VariableSheet = Awaited<ReturnType<typeof getVariable>>;
const MOST_ROWS = 400;

/** What a state of a measured variable lies between: 0 to 1,000 fighters. */
function between({ bounds, unit }: NonNullable<VariableSheet["scale"]>, state: number): string {
  const [low, high] = [bounds[state] ?? null, bounds[state + 1] ?? null].map((each) => each?.toLocaleString("en-GB"));
  if (low === undefined) return `up to ${high} ${unit}`;
  return high === undefined ? `from ${low} ${unit}` : `${low} to ${high} ${unit}`;
}

/** Everything that the files say of a variable. */
export function Sheet({ found }: { found: VariableSheet }) {
  const model = useModel();
  const variable = model.variables.get(found.name);
  return (
    <>
      <p className="small">
        <code>{found.name}</code> · {found.role} · {found.kind}
        {found.scale && (
          <>
            {" "}
            · {found.scale.series} ({found.scale.unit})
          </>
        )}
        {found.from_article && <> · from {found.from_article}</>}
      </p>
      {found.definition && <p>{found.definition}</p>}
      <dl className="states">
        {found.states.map((state, i) => (
          <div key={state}>
            <dt>
              {capital(stateLabel(variable, state))} <code>{state}</code>
            </dt>
            {found.scale && <dd>{between(found.scale, i)}</dd>}
            {found.definitions[state] && <dd>{found.definitions[state]}</dd>}
          </div>
        ))}
      </dl>
      <h2>In words</h2>
      <ul className="sentences">
        {found.in_words.map((sentence) => (
          <li key={sentence}>{statementInWords(model, found.name, sentence)}</li>
        ))}
      </ul>
      {found.note && <p className="note">{found.note}</p>}
      <h2>What the numbers rest on</h2>
      <StatementList found={found} />
      <h2>Table</h2>
      <div className="scroll tall" tabIndex={0} role="region" aria-label={`Table of ${found.label}`}>
        <table>
          <caption>
            {found.parents.length > 0
              ? "Chance of each state, in each combination of the causes"
              : "Chance of each state"}
          </caption>
          <thead>
            <tr>
              {found.parents.map((parent) => (
                <th key={parent} scope="col">
                  {labelOf(model, parent)}
                </th>
              ))}
              {found.states.map((state) => (
                <th key={state} scope="col">
                  {capital(stateLabel(variable, state))}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {found.table.slice(0, MOST_ROWS).map((row) => (
              <tr key={Object.values(row.when).join(" ")}>
                {found.parents.map((parent) => (
                  <th key={parent} scope="row">
                    {stateLabel(model.variables.get(parent), row.when[parent] ?? "")}
                  </th>
                ))}
                {row.distribution.map((cell) => (
                  <td key={cell.state}>{percent(cell.p)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {found.table.length > MOST_ROWS && (
        <p className="small">
          The first {MOST_ROWS} of {found.table.length} rows; the CSV has all.
        </p>
      )}
      <h2>Sources</h2>
      <ol className="sources">
        {found.sources.map((source) => (
          <li key={source.name}>
            <code>{source.name}</code> <SourceName name={source.name} title={source.title} url={source.url} />
            <small>
              {[...new Set([source.publication, source.date, source.kind, source.status])]
                .concat(source.read ? `read ${source.read}` : [])
                .filter(Boolean)
                .join(" · ")}
            </small>
            {source.note && <small>{source.note}</small>}
          </li>
        ))}
      </ol>
      <p className="links">
        <AnswerLinks links={found.links} />
      </p>
    </>
  );
}
