import { useAnswer } from "../app/useAnswer";
import { Working } from "../app/Working";
import { type attribution, getSources } from "../api/resources";
import { useModel } from "../state/model";
import { Charted } from "../charts/Charted";
import { Share } from "../charts/Share";
import { percent } from "../words/numbers";

type Shares = Awaited<ReturnType<typeof attribution>>["sources"];
const SHOWN = 10;

/** The sources that carry most, each with its address, and what the answer would be without. */
export function Sources({ shares, p }: { shares: Shares; p: number }) {
  const model = useModel();
  const answer = useAnswer(`sources ${model.name} ${model.about.revision}`, (signal) => getSources(model.name, signal));
  return (
    <>
      <h2>The sources that it rests on</h2>
      <p className="small">Shares are of the doubt: of the variance that the priors leave open.</p>
      <Working answer={answer} what="Fetching the sources">
        {({ sources }) => (
          <Charted name="The sources that it rests on">
            <ol className="priors">
              {shares.slice(0, SHOWN).map((share) => {
                const source = sources.find((each) => each.name === share.source);
                return (
                  <li key={share.source}>
                    <Share of={share.share} />
                    <span>
                      <SourceName name={share.source} title={source?.title} url={source?.url} />
                      <small>
                        {source?.publication && `${source.publication}, ${source.date ?? "no date"} · `}
                        {source?.kind ?? "unknown"}
                        {share.p_without !== null &&
                          percent(share.p_without) !== percent(p) &&
                          ` · without what it supports ${percent(share.p_without)}`}
                      </small>
                    </span>
                  </li>
                );
              })}
            </ol>
          </Charted>
        )}
      </Working>
    </>
  );
}

/** A source's title, as a link where its address is one of the web. */
export function SourceName({
  name,
  title,
  url,
}: {
  name: string;
  title: string | undefined;
  url: string | null | undefined;
}) {
  const text = title ?? name;
  if (!url || !/^https?:\/\//i.test(url)) return <>{text}</>;
  return (
    <a href={url} rel="noreferrer noopener" target="_blank">
      {text}
      <span className="visually-hidden"> (opens elsewhere)</span>
    </a>
  );
}
