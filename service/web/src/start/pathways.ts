/** The flow of pathways, from joint distributions: what becomes of one individual, and then what of each. */
import type { Schemas } from "../api/client";
import type { Model } from "../state/model";

export const NOT_APPLICABLE = "none";
const ALL = 0.999;

type Joint = Schemas["JointDistribution"];

/** The variable that the flow begins with: a headline whose role is that of a pathway; null where there is none. */
export function mainPathway(model: Model): string | null {
  return model.about.headline.find((name) => model.variables.get(name)?.role === "pathway") ?? null;
}

/** Variables that may say more of a pathway: those of the same role that hold for some only. */
export function details(model: Model, main: string): string[] {
  return [...model.variables.values()]
    .filter((each) => each.name !== main && each.role === "pathway" && each.states.includes(NOT_APPLICABLE))
    .map((each) => each.name);
}

export interface Branch {
  readonly state: string;
  readonly p: number;
  /** Ways of saying more of this pathway, each by a variable, with the shares of its states. */
  readonly ways: readonly {
    readonly variable: string;
    readonly parts: readonly { readonly state: string; readonly p: number }[];
  }[];
}

/** Pathways with what follows each: a detail belongs to the one pathway that nearly all of it falls in. */
export function branches(
  main: readonly { readonly state: string; readonly p: number }[],
  joints: readonly Joint[],
): Branch[] {
  const ways = new Map<string, Branch["ways"][number][]>();
  for (const joint of joints) {
    const [, variable] = joint.variables;
    const held = joint.rows.filter((row) => row.states[1] !== NOT_APPLICABLE);
    const total = sum(held);
    if (variable === undefined || total <= 0) continue;
    for (const { state } of main) {
      const parts = held.filter((row) => row.states[0] === state);
      if (sum(parts) < ALL * total) continue;
      const shown = parts.map((row) => ({ state: row.states[1] ?? "", p: row.p })).filter((part) => part.p > 0);
      ways.set(state, [...(ways.get(state) ?? []), { variable, parts: shown }]);
    }
  }
  return main.map(({ state, p }) => ({ state, p, ways: ways.get(state) ?? [] }));
}

/** The way that is shown first: one that is a headline itself, else the one that splits furthest. */
export function firstWay(branch: Branch, headlines: readonly string[]): string | null {
  const own = branch.ways.find((way) => headlines.includes(way.variable));
  const finest = [...branch.ways].sort((a, b) => b.parts.length - a.parts.length)[0];
  return (own ?? finest)?.variable ?? null;
}

function sum(rows: readonly { readonly p: number }[]): number {
  return rows.reduce((total, row) => total + row.p, 0);
}
