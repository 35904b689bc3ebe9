import { AnswerLinks } from "../app/AnswerLinks";
import { useChance } from "../app/EventChoice";
import { Working } from "../app/Working";
import { useAnswer } from "../app/useAnswer";
import { type EventAsked, collectionPlan } from "../api/resources";
import { type Finding, observe } from "../question/question";
import { questionKey } from "../state/forecasts";
import { labelOf, stateLabel, useModel } from "../state/model";
import { ask, go, usePlace } from "../state/place";
import { capital, percent } from "../words/numbers";

const STEPS = 5;

/** A report that names a state: as likely under it as such reports are true, else spread evenly over the others. */
export function reported(state: string, reliability: number, states: readonly string[]): Finding {
  const other = +((1 - reliability) / Math.max(1, states.length - 1)).toFixed(6);
  const numbers = Object.fromEntries(
    states
      .map((each): [string, number] => [each, each === state ? reliability : other])
      .filter(([, number]) => number > 0),
  );
  return { verb: "like", numbers };
}

/** How uncertain an event of this chance is, in bits: 1 where it is even, 0 where it is settled. */
export function doubt(p: number): number {
  return p <= 0 || p >= 1 ? 0 : -(p * Math.log2(p) + (1 - p) * Math.log2(1 - p));
}

function share(bits: number, p: number): string {
  return doubt(p) > 0 ? percent(Math.min(1, bits / doubt(p))) : "none";
}

/** What to find out next, in order: by what it improves the forecast for its cost, with what each report would say. */
export function CollectionPlan({ event }: { event: EventAsked }) {
  const model = useModel();
  const { question } = usePlace();
  const chance = useChance(event);
  const key = `plan ${event.target}:${event.state} ${questionKey(model.name, question)} ${model.about.revision}`;
  const answer = useAnswer(key, (signal) => collectionPlan(model.name, question, event, STEPS, signal));
  return (
    <Working answer={answer} what="Weighing what could be found out">
      {(found) =>
        found.steps.length === 0 ? (
          <p className="note">Nothing that can be collected would improve this forecast.</p>
        ) : (
          <>
            <p>
              “{capital(stateLabel(model.variables.get(event.target), event.state))}” has a chance of{" "}
              <strong>{chance === null ? "…" : percent(chance)}</strong> now. These reports improve the forecast most
              for what they cost, in order; each says what the chance would become.
            </p>
            <ol className="plan">
              {found.steps.map((step) => {
                const variable = model.variables.get(step.variable);
                return (
                  <li key={step.variable}>
                    <h2>
                      <button className="open" onClick={() => go({ focus: step.variable })}>
                        {labelOf(model, step.variable)}
                      </button>
                    </h2>
                    <p>
                      {step.how}. {step.reason}
                    </p>
                    <ul className="reports">
                      {step.reports.map((report) => (
                        <li key={report.report}>
                          <strong>{capital(stateLabel(variable, report.report))}</strong>, expected with{" "}
                          {percent(report.chance)}
                          {Object.values(report.p).map((p) => (
                            <span key="p">: it would become {percent(p)}</span>
                          ))}{" "}
                          <button
                            onClick={() =>
                              ask(
                                observe(
                                  question,
                                  step.variable,
                                  reported(report.report, step.reliability, variable?.states ?? []),
                                ),
                              )
                            }
                          >
                            What if?
                          </button>
                        </li>
                      ))}
                    </ul>
                    <p className="small">
                      It costs {step.cost} in the model’s units, takes {step.lead_days} days and is true{" "}
                      {percent(step.reliability)} of the time. It is expected to settle{" "}
                      {chance === null ? "some" : share(step.bits, chance)} of the doubt ({+step.bits.toPrecision(2)}{" "}
                      bits).
                    </p>
                  </li>
                );
              })}
            </ol>
            <p className="small">
              A bit is what the answer to an even question tells
              {chance !== null && <>; all the doubt about this one is {doubt(chance).toFixed(2)} bits</>}.
            </p>
            <details>
              <summary>{found.skipped.length} more, left out</summary>
              <ul>
                {found.skipped.map((each) => (
                  <li key={each.variable} className="small">
                    {labelOf(model, each.variable)}: {each.why}
                  </li>
                ))}
              </ul>
            </details>
            <p className="links">
              <AnswerLinks links={found.links} />
            </p>
          </>
        )
      }
    </Working>
  );
}
