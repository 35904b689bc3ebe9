import { AnswerLinks } from "../app/AnswerLinks";
import { DataTable } from "../charts/DataTable";
import { sourceOf } from "../charts/Charted";
import { BarKey } from "../charts/BarKey";
import { Moved } from "../charts/Moved";
import { StateBars } from "../charts/StateBars";
import { againstOf, barsOf, changeName, changeOf, largestChange, tickName } from "../charts/rows";
import { Link } from "../app/Link";
import { BASE } from "../api/client";
import { save } from "../app/saved";
import { standaloneBars } from "../charts/standalone";
import { inShort } from "../question/HistoryControls";
import { apiPath, fits } from "../question/forms";
import { isEmpty } from "../question/question";
import { type Headline, type Row, condition, forecasts, headlinesOf, useForecast } from "../state/forecasts";
import { type Variable, isAnswered, stateLabel, useModel } from "../state/model";
import { go, usePlace } from "../state/place";
import { useStore } from "../state/store";
import { capital, inWords, percent, percentRange } from "../words/numbers";

/** Every headline of the model, one chart each. */
export function Headlines() {
  const model = useModel();
  const { question } = usePlace();
  const { phase } = useStore(condition);
  const isStale = phase === "refused" || phase === "unreachable";
  const shown = headlinesOf(model).filter((each) => isAnswered(model, each.target, question.cohort));
  const hidden = headlinesOf(model).length - shown.length;
  return (
    <section aria-labelledby="headlines">
      <div className="title-row">
        <h2 id="headlines">What to expect</h2>
        <NothingMoves shown={shown} />
      </div>
      <BarKey tickName={isEmpty(question) ? null : tickName(question.do.size > 0 ? "without" : "baseline", model)} />
      <div className={isStale ? "headlines stale" : "headlines"}>
        {shown.map((each) => (
          <HeadlineCard key={each.name} headline={each} />
        ))}
      </div>
      {hidden > 0 && (
        <p className="hint">{hidden} headlines are of the group as a whole and are not answered for one cohort.</p>
      )}
    </section>
  );
}

/** Where what is done leaves every headline as it is, the way to what it does move. */
function NothingMoves({ shown }: { shown: readonly Headline[] }) {
  const { question } = usePlace();
  const { phase } = useStore(condition);
  if (question.do.size === 0 || phase !== "done") return null;
  const hasMoved = shown.some((each) => largestChange(forecasts.get(each.name)?.rows ?? []) !== null);
  if (hasMoved) return null;
  return (
    <p>
      What is done moves none of these. <Link to={{ view: "network", tab: "moved" }}>See what it does move</Link>
    </p>
  );
}

function HeadlineCard({ headline }: { headline: Headline }) {
  const model = useModel();
  const { question } = usePlace();
  const forecast = useForecast(headline.name);
  const variable = model.variables.get(headline.target);
  const rows = forecast?.rows ?? emptyRows(variable);
  const against = againstOf(rows);
  const largest = largestChange(rows);
  const asked = {
    model: model.name,
    targets: [headline.target],
    question: { ...question, given: new Map([...headline.given, ...question.given]) },
  };
  const likely = mostLikely(rows);
  // Its own condition alone would move a headline that has one away from the default picture.
  const isHeld = headline.given.size === 0 || against === "without";
  const bars = isHeld ? barsOf(rows, variable) : barsOf(rows, variable).map((bar) => ({ ...bar, tick: null }));
  return (
    <article className="headline" aria-busy={!forecast?.hasIntervals}>
      <h3>
        <button className="open" onClick={() => go({ focus: headline.target })}>
          {headline.label}
          {variable?.unit && headline.given.size === 0 && <small> ({variable.unit})</small>}
        </button>
      </h3>
      <Sentence rows={rows} variable={variable} />
      <StateBars
        name={headline.label}
        bars={bars}
        tickName={tickName(against, model)}
        isPending={forecast === undefined}
      />
      <p className="movement">
        {isHeld && largest ? (
          <>
            {capital(largest.row.label ?? stateLabel(variable, largest.row.state))}: <Moved by={largest.by} />{" "}
            {changeName(against, model)}
          </>
        ) : (
          <span className="moved none">
            {forecast && isHeld && !isEmpty(question) ? `No change ${changeName(against, model)}` : "\u00a0"}
          </span>
        )}
      </p>
      <footer>
        {likely && (
          <Link to={{ view: "why", target: headline.target, state: likely.state, tab: null, question: asked.question }}>
            Why?
          </Link>
        )}
        {fits(asked, BASE) && (
          <AnswerLinks links={{ json: BASE + apiPath(asked), csv: BASE + apiPath(asked).replace(".json", ".csv") }} />
        )}
        <button
          className="open"
          onClick={() =>
            save(
              `${headline.target}.svg`,
              new Blob(
                [
                  standaloneBars(
                    headline.label,
                    bars,
                    inShort(model, question),
                    sourceOf({ model: model.name, revision: model.about.revision, as_of: model.about.as_of }),
                  ),
                ],
                { type: "image/svg+xml" },
              ),
            )
          }
        >
          SVG
        </button>
        <DataTable
          caption={headline.label}
          head={["State", "Chance", "90 % interval", "Held against"]}
          rows={rows.map((row) => [
            row.label ?? stateLabel(variable, row.state),
            percent(row.p),
            row.lo === null || row.hi === null ? "…" : percentRange(row.lo, row.hi),
            <Moved key="moved" by={changeOf(row, against)} />,
          ])}
        />
      </footer>
    </article>
  );
}

/** Below it the leading state is unlikely by itself, which would read as if it did not lead. */
const EVEN = 0.45;

/** The most likely state in words, with its interval in numbers. */
function Sentence({ rows, variable }: { rows: readonly Row[]; variable: Variable | undefined }) {
  const { probability_words } = useModel().about;
  const likely = mostLikely(rows);
  if (!likely || likely.p === 0) return <p className="lead">&nbsp;</p>;
  const label = capital(likely.label ?? stateLabel(variable, likely.state));
  return (
    <p className="lead">
      <strong>{label}</strong> leads: <strong>{percent(likely.p)}</strong>
      {likely.lo !== null && likely.hi !== null && <> ({percentRange(likely.lo, likely.hi)})</>}
      {likely.p < EVEN ? (
        <>, yet nothing here is likelier than not.</>
      ) : (
        <>, “{inWords(likely.p, probability_words)}”.</>
      )}
    </p>
  );
}

function mostLikely(rows: readonly Row[]): Row | undefined {
  return rows.reduce<Row | undefined>((best, row) => (best && best.p >= row.p ? best : row), undefined);
}

/** Rows of a forecast that is not here yet, so that nothing jumps when it comes. */
function emptyRows(variable: Variable | undefined): Row[] {
  return (variable?.states ?? []).map((state) => ({
    state,
    p: 0,
    lo: null,
    hi: null,
    baseline: 0,
    shift: 0,
    shift_lo: null,
    shift_hi: null,
  }));
}
