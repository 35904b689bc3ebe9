/** What a click on a state does, by what clicks mean at the moment. */
import { type Finding, type Question, leaving, observe, set, statesLeft, takeBack } from "../question/question";

export const CLICKS = ["observe", "rule out", "set"] as const;
export type Click = (typeof CLICKS)[number];

/** What clicks mean to begin with: what the question has done to the variable already. */
export function usualClick(question: Question, variable: string): Click {
  if (question.do.has(variable)) return "set";
  return question.given.get(variable)?.verb === "not" ? "rule out" : "observe";
}

/** The question after a click on a state; a second click takes it back. */
export function clicked(
  question: Question,
  variable: string,
  state: string,
  states: readonly string[],
  click: Click,
): Question {
  if (click === "set") {
    const said = question.do.get(variable);
    const isSo = said?.verb === "is" && said.state === state;
    return isSo ? takeBack(question, variable) : set(question, variable, { verb: "is", state });
  }
  const said = question.given.get(variable);
  if (click === "observe") {
    const isSo = said?.verb === "is" && said.state === state;
    return isSo ? takeBack(question, variable) : observe(question, variable, { verb: "is", state });
  }
  const left = (said && statesLeft(said, states)) ?? states;
  const next = left.includes(state)
    ? left.filter((each) => each !== state)
    : states.filter((each) => each === state || left.includes(each));
  if (next.length === 0) return question;
  const finding = leaving(next, states);
  return finding === null
    ? takeBack(question, variable)
    : observe(question, variable, excluding(finding, next, states));
}

/** Ruling out is said as ruling out, also where one state is left. */
function excluding(finding: Finding, left: readonly string[], states: readonly string[]): Finding {
  if (finding.verb === "in") return finding;
  return { verb: "not", states: states.filter((state) => !left.includes(state)) };
}

/** The state that is observed or set alone, by what was said; null where none is. */
export function chosenState(question: Question, variable: string): string | null {
  const said = question.do.get(variable) ?? question.given.get(variable);
  return said?.verb === "is" ? said.state : null;
}

/** Numbers as typed, one a state, into those that the API takes; null where they mean nothing. */
export function numbersTyped(
  typed: Readonly<Record<string, string>>,
  verb: "like" | "assumed" | "chances",
): Record<string, number> | null {
  const numbers = Object.entries(typed).map(([state, text]): [string, number] => [
    state,
    text.trim() === "" ? 0 : Number(text),
  ]);
  if (numbers.some(([, number]) => !Number.isFinite(number) || number < 0)) return null;
  const total = numbers.reduce((sum, [, number]) => sum + number, 0);
  if (total <= 0) return null;
  if (verb === "like") return Object.fromEntries(numbers.filter(([, number]) => number > 0));
  if (Math.abs(total - 100) > 1e-6) return null;
  return Object.fromEntries(numbers.filter(([, number]) => number > 0).map(([state, number]) => [state, number / 100]));
}
