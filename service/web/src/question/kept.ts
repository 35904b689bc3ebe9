/** Questions of answers that are kept, which short links name. */
import type { KeptAnswer } from "../api/resources";
import { type Place, queryString, questionParameters } from "./address";
import { questionOfBody } from "./body";
import { EMPTY } from "./question";

/** The place from which what was kept is asked again: its question, or the questions that it compares. */
export function placeOfKept({
  model,
  asked,
}: Pick<KeptAnswer, "model" | "asked">): Pick<Place, "model" | "question" | "sides" | "answer"> {
  if (asked === undefined) return { model, question: EMPTY, sides: [], answer: null };
  if (asked.sides === undefined) return { model, question: questionOfBody(asked), sides: [], answer: null };
  const sides = asked.sides.map((side) => queryString(questionParameters(questionOfBody(side))));
  return { model, question: EMPTY, sides, answer: null };
}
