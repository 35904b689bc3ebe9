import { AnswerLinks } from "../app/AnswerLinks";
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

/** What to find out next, in order: by what it improves the forecast for its cost, with what each report would say. */
export function CollectionPlan({ event }: { event: EventAsked }) {
  const model = useModel();
  const { question } = usePlace();
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
              The reports that improve the forecast most for what they cost, in order. Chances are of “
              {stateLabel(model.variables.get(event.target), event.state)}”.
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
                      Cost {step.cost}, {step.lead_days} days, true {percent(step.reliability)} of the time. It tells{" "}
                      {step.bits.toPrecision(2)} bits.
                    </p>
                  </li>
                );
              })}
            </ol>
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
