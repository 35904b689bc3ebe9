import { useMemo, useState } from "react";
import { Working } from "../app/Working";
import { useAnswer } from "../app/useAnswer";
import { query } from "../api/resources";
import { DataTable } from "../charts/DataTable";
import { Flow } from "../charts/Flow";
import { labelOf, stateLabel, useModel } from "../state/model";
import { questionKey } from "../state/forecasts";
import { go, usePlace } from "../state/place";
import { capital, percent } from "../words/numbers";
import { type Branch, branches, details, firstWay, mainPathway } from "./pathways";

/** Who is lost, who stays, who moves on where, who returns as what: one flow whose widths are chances. */
export function Pathways() {
  const model = useModel();
  const { question } = usePlace();
  const main = useMemo(() => mainPathway(model), [model]);
  const more = useMemo(() => (main === null ? [] : details(model, main)), [model, main]);
  const key = main === null ? null : `pathways ${questionKey(model.name, question)} ${model.about.revision}`;
  const answer = useAnswer(key, (signal) =>
    query(
      model.name,
      question,
      { targets: [main ?? ""], joint: more.map((each) => `${main},${each}`), interval: "none" },
      signal,
    ),
  );
  if (main === null || more.length === 0) return null;
  return (
    <section aria-labelledby="pathways">
      <h2 id="pathways">{labelOf(model, main)}, and then?</h2>
      <Working answer={answer} what="Working out the flow">
        {(data) => <Shown main={main} found={branches(data.targets[0]?.distribution ?? [], data.joint)} />}
      </Working>
    </section>
  );
}

function Shown({ main, found }: { main: string; found: readonly Branch[] }) {
  const model = useModel();
  const [chosen, setChosen] = useState<Readonly<Record<string, string>>>({});
  const wayOf = (branch: Branch): string | null => chosen[branch.state] ?? firstWay(branch, model.about.headline);
  const name = (variable: string, state: string): string => capital(stateLabel(model.variables.get(variable), state));
  const shown = found.map((branch) => {
    const way = branch.ways.find((each) => each.variable === wayOf(branch));
    return {
      key: branch.state,
      label: name(main, branch.state),
      p: branch.p,
      open: () => go({ focus: main }),
      parts: (way?.parts ?? []).map((part) => ({
        key: part.state,
        label: name(way?.variable ?? "", part.state),
        p: part.p,
        open: () => go({ focus: way?.variable ?? null }),
      })),
    };
  });
  return (
    <>
      {found.some((branch) => branch.ways.length > 1) && (
        <p className="ways">
          {found
            .filter((branch) => branch.ways.length > 1)
            .map((branch) => (
              <label key={branch.state}>
                {name(main, branch.state)} by{" "}
                <select
                  value={wayOf(branch) ?? ""}
                  onChange={(event) => setChosen({ ...chosen, [branch.state]: event.target.value })}
                >
                  {branch.ways.map((way) => (
                    <option key={way.variable} value={way.variable}>
                      {labelOf(model, way.variable)}
                    </option>
                  ))}
                </select>
              </label>
            ))}
        </p>
      )}
      <Flow root="Everyone asked about" branches={shown} label={`${labelOf(model, main)}, and what follows`} />
      <DataTable
        caption={`${labelOf(model, main)}, and what follows`}
        head={["Pathway", "What follows", "Chance"]}
        rows={shown.flatMap((branch) => [
          [branch.label, "", percent(branch.p)],
          ...branch.parts.map((part) => [branch.label, part.label, percent(part.p)]),
        ])}
      />
    </>
  );
}
