import { useRef, useState } from "react";
import { Working } from "../app/Working";
import { useAnswer } from "../app/useAnswer";
import { query } from "../api/resources";
import { BarKey } from "../charts/BarKey";
import { SaveButton, sourceOf } from "../charts/Charted";
import { StateBars } from "../charts/StateBars";
import { againstOf, barsOf } from "../charts/rows";
import { addressOf, placeOf, searchIn } from "../question/address";
import { isEmpty } from "../question/question";
import { questionKey } from "../state/forecasts";

/** One chart for another page: a target under a question, with the way to the whole page. */
export function Embed() {
  const [place] = useState(() => placeOf(searchIn(location)));
  const chart = useRef<HTMLDivElement>(null);
  const { model, target, question } = place;
  const key = model === null || target === null ? null : `embed ${target} ${questionKey(model, question)}`;
  const answer = useAnswer(key, (signal) =>
    query(model ?? "", question, { targets: [target ?? ""], interval: 0.9 }, signal),
  );
  if (key === null) return <p className="note wrong">An embedded chart names a model and a target.</p>;
  return (
    <main className="embed">
      <Working answer={answer} what="Asking">
        {({ targets, sentence, revision, as_of }) => {
          const [found] = targets;
          if (!found) return null;
          const bars = barsOf(found.distribution, undefined);
          const ticked = againstOf(found.distribution) === "without" ? "without what is done" : "before";
          return (
            <>
              <h1>{found.label}</h1>
              <p className="small">{sentence}</p>
              <div ref={chart}>
                <StateBars name={found.label} bars={bars} tickName={ticked} />
              </div>
              <BarKey tickName={isEmpty(question) ? null : ticked} />
              <p className="small">
                As of {as_of}, <code>{revision}</code>.{" "}
                <a href={`./${addressOf({ ...place, focus: target })}`} target="_blank" rel="noopener">
                  Ask otherwise
                </a>{" "}
                <SaveButton
                  of={chart}
                  name={found.label}
                  note={sentence}
                  source={sourceOf({ model: model ?? "", revision, as_of })}
                />
              </p>
            </>
          );
        }}
      </Working>
    </main>
  );
}
