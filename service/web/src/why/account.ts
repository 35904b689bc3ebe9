/** An explanation as sentences: how likely, what moved it, what it would be without. */
import type { explanation } from "../api/resources";
import { inWords } from "../question/phrases";
import type { Finding, Setting } from "../question/question";
import { findingOfBody, settingOfBody } from "../question/body";
import { type Model, labelOf, stateLabel } from "../state/model";
import { percent, perhapsNothing, points, pointsRange } from "../words/numbers";

export type Explanation = Awaited<ReturnType<typeof explanation>>;
type Said = Explanation["given"][string] | Explanation["do"][string];

/** By how much findings, each taken away alone, may miss what they do together before that is said. */
const OVERLAP = 0.01;

/** What an analysis says was said of a variable, as the page has it. */
export function saidOf(said: Said, doing: boolean): Finding | Setting {
  if (typeof said === "string") return doing ? settingOfBody(said) : findingOfBody(said);
  return "p" in said ? settingOfBody(said) : findingOfBody(said);
}

/** A finding of the question or of its picture, by labels. */
export function findingLabel(model: Model, found: Explanation, name: string): string {
  const doing = name in found.do;
  const said = doing ? found.do[name] : found.given[name];
  const label = labelOf(model, name);
  return said === undefined ? label : `${label}: ${inWords(saidOf(said, doing), model.variables.get(name), doing)}`;
}

/** By how much a weight in decibels multiplies odds, in words. */
export function oddsFactor(db: number | null): string {
  if (db === null) return "decides it";
  const factor = 10 ** (db / 10);
  if (Math.abs(factor - 1) < 0.005) return "odds as before";
  return factor > 1 ? `odds × ${digits(factor)}` : `odds ÷ ${digits(1 / factor)}`;
}

function digits(factor: number): string {
  return factor < 1.095 ? factor.toFixed(2) : factor < 10 ? factor.toFixed(1) : factor.toFixed(0);
}

/** The account, sentence by sentence, from the most to the least that matters. */
export function account(model: Model, found: Explanation): string[] {
  const event = `“${labelOf(model, found.target)}: ${stateLabel(model.variables.get(found.target), found.state)}”`;
  const { balance, done } = found;
  const said = [`${event} has a chance of ${percent(balance.p)}.`];
  if (done) said.push(doneSentence(model, done));
  const weights = balance.weights
    .filter((each) => Math.abs(each.delta) >= 0.0005)
    .sort((a, b) => Math.abs(b.delta) - Math.abs(a.delta));
  if (balance.weights.length > 0 && percent(balance.p) !== percent(balance.p_before)) {
    said.push(`Before the findings of the question were known it was ${percent(balance.p_before)}.`);
  }
  for (const each of weights.slice(0, 3)) {
    const isSeen = percent(each.p_without) !== percent(balance.p);
    said.push(
      `${findingLabel(model, found, each.finding)} ${each.delta > 0 ? "raises" : "lowers"} it${isSeen ? `: without that it would be ${percent(each.p_without)}` : ` by ${points(Math.abs(each.delta)).replace("+", "")}`}.`,
    );
  }
  const idle = balance.weights.filter((each) => Math.abs(each.delta) < 0.0005);
  if (idle.length > 0 && balance.weights.length > 1)
    said.push(
      `${idle.map((each) => labelOf(model, each.finding)).join(", ")}: ${idle.length > 1 ? "these change" : "this changes"} nothing once the rest is known.`,
    );
  const alone = balance.weights.reduce((sum, each) => sum + each.delta, 0);
  if (balance.weights.length > 1 && Math.abs(balance.p - balance.p_before - alone) >= OVERLAP)
    said.push(
      "The findings overlap: each is weighed here with the others in place, and the bars below share out what they do together.",
    );
  if (balance.weights.length === 0 && !done)
    said.push("Nothing is observed or done beside the picture: observe something, or set it, to see what it weighs.");
  return said;
}

function doneSentence(model: Model, done: NonNullable<Explanation["done"]>): string {
  const names = done.each.map((each) => `“${labelOf(model, each.variable)}”`).join(" and ");
  if (done.effect === null)
    return `Without what is done (${names}) the findings are impossible, so its effect cannot be told.`;
  if (Math.abs(done.effect) < 0.00005) return `Setting ${names} changes nothing.`;
  const { effect_low: low, effect_high: high } = done;
  const range = low === null || high === null ? "" : ` (${pointsRange(low, high)})`;
  const doubt = low !== null && high !== null && perhapsNothing(low, high) ? ", perhaps by nothing" : "";
  const by = points(Math.abs(done.effect)).replace("+", "");
  const isSeen = done.without !== null && percent(done.without) !== percent(done.p);
  const from = done.without === null || !isSeen ? "" : `; without that it would be ${percent(done.without)}`;
  return `Setting ${names} ${done.effect > 0 ? "raises" : "lowers"} it by ${by}${range}${doubt}${from}.`;
}
