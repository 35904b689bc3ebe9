/** Small models for tests of logic. */
import type { Model, Variable } from "../state/model";

export function variable(name: string, states: readonly string[], more: Partial<Variable> = {}): Variable {
  return {
    name,
    label: name,
    role: "state",
    level: "group",
    kind: "table",
    states: [...states],
    parents: [],
    baseline: states.map((state) => ({ state, p: 1 / states.length })),
    link: "",
    labels: {},
    nominal: false,
    unit: null,
    group: "all",
    position: { column: 0, row: 0 },
    ...more,
  };
}

/** A model of variables, its arcs those that their parents name. */
export function modelOf(variables: readonly Variable[], more: Partial<Model["about"]> = {}): Model {
  const arcs = variables.flatMap((each) =>
    each.parents.map((from) => ({ from, to: each.name, sign: "raises" as const, strength: 0.5 })),
  );
  const children = new Map<string, string[]>();
  for (const arc of arcs) children.set(arc.from, [...(children.get(arc.from) ?? []), arc.to]);
  const about = {
    model: "m",
    revision: "r-1",
    as_of: "2017-03-06",
    title: "M",
    description: "",
    horizon: "",
    default_scenario: null,
    headline: [],
    headlines: [],
    size: { variables: variables.length, arcs: arcs.length, parameters: 0, tree_cells: 0 },
    examples: [],
    folded: [],
    left_out: [],
    probability_words: [],
    permalink: null,
    resources: {},
    ...more,
  };
  return {
    name: "m",
    about,
    variables: new Map(variables.map((each) => [each.name, each])),
    children,
    arcs,
    scenarios: [],
    cohorts: [],
    hasIndividuals: false,
  };
}
