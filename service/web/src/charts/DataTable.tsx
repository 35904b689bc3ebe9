import type { ReactNode } from "react";

/** The numbers behind a chart, for who reads or copies them; closed until asked for. */
export function DataTable({
  caption,
  head,
  rows,
  links,
}: {
  caption: string;
  head: readonly string[];
  rows: readonly (readonly ReactNode[])[];
  links?: ReactNode;
}) {
  return (
    <details className="data">
      <summary>
        Data <span className="visually-hidden">of {caption}</span>
      </summary>
      <div className="scroll" tabIndex={0} role="region" aria-label={caption}>
        <table>
          <caption>{caption}</caption>
          <thead>
            <tr>
              {head.map((each) => (
                <th key={each} scope="col">
                  {each}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, i) => (
              <tr key={i}>
                {row.map((cell, j) =>
                  j === 0 ? (
                    <th key={j} scope="row">
                      {cell}
                    </th>
                  ) : (
                    <td key={j}>{cell}</td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {links && <p className="links">{links}</p>}
    </details>
  );
}
