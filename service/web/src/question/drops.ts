/** What to drop of findings that cannot hold together: each is of the question, of its cohort or of its picture. */
import type { Model } from "../state/model";
import { subjectOf } from "./phrases";
import { type Question, takeBack } from "./question";

export interface Drop {
  readonly statement: string;
  /** The variable that the statement is about, null where it names none of the model. */
  readonly variable: string | null;
  readonly of: "question" | "cohort" | "picture";
  /** The question without it. */
  readonly without: Question;
}

export function dropsOf(model: Model, question: Question, conflict: readonly string[]): Drop[] {
  const cohort = model.cohorts.find((each) => each.name === question.cohort);
  return conflict.map((statement) => {
    const variable = subjectOf(statement, model.variables.keys());
    if (variable !== null && (question.given.has(variable) || question.do.has(variable))) {
      return { statement, variable, of: "question", without: takeBack(question, variable) };
    }
    if (variable !== null && cohort && variable in cohort.given) {
      return { statement, variable, of: "cohort", without: { ...question, cohort: null } };
    }
    return { statement, variable, of: "picture", without: { ...question, scenario: "none" } };
  });
}
