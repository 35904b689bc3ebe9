/** A question's conditions: what is known, what is done, under which picture and for which cohort. */

export type Numbers = Readonly<Record<string, number>>;

export type Finding =
  | { readonly verb: "is"; readonly state: string }
  | { readonly verb: "in"; readonly states: readonly string[] }
  | { readonly verb: "not"; readonly states: readonly string[] }
  | { readonly verb: "like"; readonly numbers: Numbers }
  | { readonly verb: "assumed"; readonly numbers: Numbers }
  | { readonly verb: "range"; readonly text: string };

export type Setting =
  | { readonly verb: "is"; readonly state: string }
  | { readonly verb: "chances"; readonly numbers: Numbers }
  | { readonly verb: "range"; readonly text: string };

export interface Question {
  readonly given: ReadonlyMap<string, Finding>;
  readonly do: ReadonlyMap<string, Setting>;
  /** A scenario's name, `none` for none, null for the model's default picture. */
  readonly scenario: string | null;
  readonly cohort: string | null;
}

export const EMPTY: Question = { given: new Map(), do: new Map(), scenario: null, cohort: null };

export function isEmpty(question: Question): boolean {
  return question.given.size + question.do.size === 0 && question.scenario === null && question.cohort === null;
}

/** The question with this said of a variable under `given`; whatever else was said of it is taken back. */
export function observe(question: Question, variable: string, finding: Finding): Question {
  const without = takeBack(question, variable);
  return { ...without, given: new Map(without.given).set(variable, finding) };
}

/** The question with the variable set; whatever else was said of it is taken back. */
export function set(question: Question, variable: string, setting: Setting): Question {
  const without = takeBack(question, variable);
  return { ...without, do: new Map(without.do).set(variable, setting) };
}

/** The question with nothing said of the variable. */
export function takeBack(question: Question, variable: string): Question {
  const given = new Map(question.given);
  const done = new Map(question.do);
  given.delete(variable);
  done.delete(variable);
  return { ...question, given, do: done };
}

/** The question without its interventions: the same evidence, nothing done. */
export function withoutDoing(question: Question): Question {
  return { ...question, do: new Map() };
}

/** The states that a finding leaves possible, of all in the order of the file; null where it weighs and excludes none. */
export function statesLeft(finding: Finding, states: readonly string[]): readonly string[] | null {
  switch (finding.verb) {
    case "is":
      return [finding.state];
    case "in":
      return states.filter((state) => finding.states.includes(state));
    case "not":
      return states.filter((state) => !finding.states.includes(state));
    default:
      return null;
  }
}

/** The finding that leaves these states possible: the shortest way to say it, null where it says nothing or too much. */
export function leaving(left: readonly string[], states: readonly string[]): Finding | null {
  if (left.length === 0 || left.length === states.length) return null;
  const [only] = left;
  if (left.length === 1 && only !== undefined) return { verb: "is", state: only };
  const out = states.filter((state) => !left.includes(state));
  return out.length < left.length ? { verb: "not", states: out } : { verb: "in", states: left };
}
