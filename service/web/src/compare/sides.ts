/** Questions held beside each other, each kept in the address as a query string of its own. */
import { queryString, questionOf, questionParameters } from "../question/address";
import type { Question } from "../question/question";
import type { Model } from "../state/model";
import { isAnswered } from "../state/model";

export const MOST = 8;

export function sideOf(question: Question): string {
  return queryString(questionParameters(question));
}

export function questionOfSide(side: string): Question {
  return questionOf(new URLSearchParams(side));
}

/** The sides with one more, where it is not among them already and there is room. */
export function withSide(sides: readonly string[], question: Question): readonly string[] {
  const side = sideOf(question);
  return sides.includes(side) || sides.length >= MOST ? sides : [...sides, side];
}

/** A side as the API takes it: it names a picture also where that is the default, so that it is never empty. */
export function askedSide(model: Model, side: string): Question {
  const question = questionOfSide(side);
  return { ...question, scenario: question.scenario ?? model.about.default_scenario ?? "none" };
}

/** The variable that is open and the headlines that every side can answer: with a cohort only those of one individual. */
export function comparable(model: Model, sides: readonly string[], open: string | null = null): string[] {
  const cohort = sides.map((side) => questionOfSide(side).cohort).find((each) => each !== null) ?? null;
  const first = open !== null && model.variables.has(open) ? [open] : [];
  return [...new Set([...first, ...model.about.headline])].filter((name) => isAnswered(model, name, cohort));
}
