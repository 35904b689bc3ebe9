/** The model that is looked at: what it says of itself, its variables, graph, scenarios and cohorts, by name. */
import type { Schemas } from "../api/client";
import { getCohorts, getGraph, getModel, getModels, getScenarios, getVariables } from "../api/resources";
import { capital, spoken } from "../words/numbers";
import { createStore, useStore } from "./store";

export type Variable = Schemas["VariableSummary"];

export interface Model {
  readonly name: string;
  readonly about: Schemas["ModelAnswer"];
  readonly variables: ReadonlyMap<string, Variable>;
  readonly children: ReadonlyMap<string, readonly string[]>;
  readonly arcs: readonly Schemas["Arc"][];
  readonly scenarios: readonly Schemas["Scenario"][];
  readonly cohorts: readonly Schemas["Cohort"][];
  /** Whether a cohort leaves only variables of the individual level to be answered. */
  readonly hasIndividuals: boolean;
}

export const models = createStore<readonly Schemas["ModelState"][] | null>(null);
export const model = createStore<Model | null>(null);

export async function loadModels(signal: AbortSignal): Promise<readonly Schemas["ModelState"][]> {
  const found = (await getModels(signal)).models;
  models.set(found);
  return found;
}

/** The model to begin with where none is named: the ready one with the most variables. */
export function flagship(found: readonly Schemas["ModelState"][]): string | null {
  const ready = found.filter((each) => each.ready);
  return (
    ready.reduce<Schemas["ModelState"] | null>(
      (best, each) => (best && (best.variables ?? 0) >= (each.variables ?? 0) ? best : each),
      null,
    )?.name ?? null
  );
}

export async function loadModel(name: string, signal: AbortSignal): Promise<Model> {
  const [about, listed, graph, scenarios, cohorts] = await Promise.all([
    getModel(name, signal),
    getVariables(name, signal),
    getGraph(name, signal),
    getScenarios(name, signal),
    getCohorts(name, signal),
  ]);
  const children = new Map<string, string[]>();
  for (const arc of graph.arcs) children.set(arc.from, [...(children.get(arc.from) ?? []), arc.to]);
  return {
    name,
    about,
    variables: new Map(listed.variables.map((each) => [each.name, each])),
    children,
    arcs: graph.arcs,
    scenarios: scenarios.scenarios,
    cohorts: cohorts.cohorts,
    hasIndividuals: listed.variables.some((each) => each.level === "individual"),
  };
}

export function useModel(): Model {
  const found = useStore(model);
  if (found === null) throw new Error("no model is loaded");
  return found;
}

/** How a variable is called: its label, else its name in words. */
export function labelOf(model: Model, name: string): string {
  return model.variables.get(name)?.label ?? capital(spoken(name));
}

/** How a state of a variable is called: its label, else its name in words. */
export function stateLabel(variable: Variable | undefined, state: string): string {
  return variable?.labels[state] ?? spoken(state);
}

/** How a group of variables is called. */
export function groupLabel(group: string): string {
  return capital(spoken(group)) || "Other";
}

/** Whether a variable is answered for the cohort that is asked about, if one is. */
export function isAnswered(model: Model, name: string, cohort: string | null): boolean {
  return cohort === null || !model.hasIndividuals || model.variables.get(name)?.level === "individual";
}
