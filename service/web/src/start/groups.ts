/** The groups of a model, in the order in which influence runs, and how many arcs run between each two. */
import type { Model } from "../state/model";

export interface Group {
  readonly name: string;
  readonly variables: readonly string[];
}

export interface Link {
  readonly from: number;
  readonly to: number;
  readonly arcs: number;
}

/** Groups by where their variables stand on average, causes first. */
export function groupsOf(model: Model): Group[] {
  const found = new Map<string, { readonly names: string[]; columns: number }>();
  for (const each of model.variables.values()) {
    const group = found.get(each.group) ?? { names: [], columns: 0 };
    group.names.push(each.name);
    group.columns += each.position.column;
    found.set(each.group, group);
  }
  return [...found]
    .sort(([, a], [, b]) => a.columns / a.names.length - b.columns / b.names.length)
    .map(([name, { names }]) => ({ name, variables: names }));
}

/** Arcs between groups, by their positions; arcs within one are left out. */
export function linksOf(model: Model, groups: readonly Group[]): Link[] {
  const at = new Map(groups.flatMap((group, i) => group.variables.map((name): [string, number] => [name, i])));
  const count = new Map<string, Link>();
  for (const arc of model.arcs) {
    const [from, to] = [at.get(arc.from), at.get(arc.to)];
    if (from === undefined || to === undefined || from === to) continue;
    const key = `${from} ${to}`;
    count.set(key, { from, to, arcs: (count.get(key)?.arcs ?? 0) + 1 });
  }
  return [...count.values()].sort((a, b) => b.arcs - a.arcs);
}
