/** Questions as bodies of the API have them, and back: what an address has no room for. */
import type { Schemas } from "../api/client";
import type { Finding, Question, Setting } from "./question";
import { call, findingOf, settingOf } from "./syntax";

/** A question as an answer repeats it. */
export type BodySaid = Pick<Schemas["ForecastAnswer"]["asked"], "given" | "do" | "scenario" | "cohort">;

/** A question as a body of the API has it. */
export function bodyOf({ given, do: done, scenario, cohort }: Question): Readonly<Record<string, unknown>> {
  const said = (pairs: ReadonlyMap<string, Finding | Setting>): Record<string, unknown> =>
    Object.fromEntries([...pairs].map(([name, each]) => [name, inBody(each)]));
  return {
    given: said(given),
    do: said(done),
    ...(scenario === null ? {} : { scenario }),
    ...(cohort === null ? {} : { cohort }),
  };
}

function inBody(said: Finding | Setting): unknown {
  switch (said.verb) {
    case "is":
      return said.state;
    case "in":
      return { in: said.states };
    case "not":
      return { not: said.states };
    case "like":
      return { likelihood: said.numbers };
    case "assumed":
      return { assumed: said.numbers };
    case "chances":
      return { p: said.numbers };
    case "range": {
      const [verb, inside] = call(said.text, ["over", "under", "between"]);
      const numbers = (inside ?? "").split(",").map(Number);
      return { [verb ?? "over"]: verb === "between" ? numbers : numbers[0] };
    }
  }
}

/** The question that an answer says it was asked. */
export function questionOfBody({ given, do: done, scenario, cohort }: BodySaid): Question {
  return {
    given: new Map(Object.entries(given).map(([name, said]) => [name, findingOfBody(said)])),
    do: new Map(Object.entries(done).map(([name, said]) => [name, settingOfBody(said)])),
    scenario,
    cohort,
  };
}

/** A finding as a body has it. */
export function findingOfBody(said: BodySaid["given"][string]): Finding {
  if (typeof said === "string") return findingOf(said) ?? { verb: "is", state: said };
  if ("in" in said) return { verb: "in", states: said.in };
  if ("not" in said) return { verb: "not", states: said.not };
  if ("likelihood" in said) return { verb: "like", numbers: said.likelihood };
  return { verb: "assumed", numbers: said.assumed };
}

/** A setting as a body has it. */
export function settingOfBody(said: BodySaid["do"][string]): Setting {
  if (typeof said === "string") return settingOf(said) ?? { verb: "is", state: said };
  return { verb: "chances", numbers: said.p };
}
