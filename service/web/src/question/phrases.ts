/** What is said of a variable, in words, by the labels of its states. */
import { type Variable, stateLabel } from "../state/model";
import type { Finding, Numbers, Setting } from "./question";

export type Verb = "observed" | "one of" | "ruled out" | "reported" | "assumed" | "set" | "within";

export function verbOf(said: Finding | Setting, doing: boolean): Verb {
  if (doing) return "set";
  switch (said.verb) {
    case "is":
      return "observed";
    case "in":
      return "one of";
    case "not":
      return "ruled out";
    case "like":
      return "reported";
    case "assumed":
      return "assumed";
    default:
      return "within";
  }
}

export function inWords(said: Finding | Setting, variable: Variable | undefined, doing: boolean): string {
  const name = (state: string): string => stateLabel(variable, state);
  switch (said.verb) {
    case "is":
      return doing ? `set to ${name(said.state)}` : name(said.state);
    case "in":
      return said.states.map(name).join(" or ");
    case "not":
      return `not ${said.states.map(name).join(" or ")}`;
    case "like":
      return `reported as ${numbers(said.numbers, name, "times")}`;
    case "assumed":
      return `held at ${numbers(said.numbers, name, "%")}`;
    case "chances":
      return `made to follow ${numbers(said.numbers, name, "%")}`;
    case "range":
      return said.text.replace("(", " ").replace(")", "").replace(",", " and ");
  }
}

function numbers(said: Numbers, name: (state: string) => string, unit: "%" | "times"): string {
  return Object.entries(said)
    .map(([state, number]) =>
      unit === "%" ? `${name(state)} ${+(100 * number).toFixed(1)}\u00a0%` : `${name(state)} ×${number}`,
    )
    .join(", ");
}

/** The variable that a statement of the API's text is about: the longest name that it begins with. */
export function subjectOf(statement: string, names: Iterable<string>): string | null {
  const text = statement.startsWith("do(") ? statement.slice(3) : statement;
  let found: string | null = null;
  for (const name of names) {
    const next = text.charAt(name.length);
    if (text.startsWith(name) && (next === "=" || next === " ") && name.length > (found?.length ?? 0)) found = name;
  }
  return found;
}
