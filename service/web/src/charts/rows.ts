/** Rows of an answer as bars: labels for names, the number each is held against as a tick. */
import { type Model, type Variable, stateLabel } from "../state/model";
import type { Row, ShortRow } from "../state/forecasts";
import type { Finding, Setting } from "../question/question";
import { statesLeft } from "../question/question";
import type { Bar } from "./StateBars";

/** What a forecast is held against: the same question without what is done, else the default picture alone. */
export type Against = "without" | "baseline";

export function againstOf(rows: readonly ShortRow[]): Against {
  return rows.some((row) => row.effect !== undefined) ? "without" : "baseline";
}

/** What that is called; a model without a default picture has nothing but what is said. */
export function tickName(against: Against, model: Model): string {
  if (against === "without") return "without what is done";
  return model.about.default_scenario === null ? "with nothing said" : "in the default picture";
}

/** By what a number moved from there. */
export function changeName(against: Against, model: Model): string {
  if (against === "without") return "by what is done";
  return model.about.default_scenario === null ? "by what is said" : "against the default picture";
}

export function barsOf(rows: readonly Row[], variable: Variable | undefined, said?: Finding | Setting): Bar[] {
  const against = againstOf(rows);
  const left = said && said.verb !== "chances" && variable ? statesLeft(said, variable.states) : null;
  return rows.map((row) => ({
    state: row.state,
    label: row.label ?? stateLabel(variable, row.state),
    p: row.p,
    low: row.lo,
    high: row.hi,
    tick: tickOf(row, against),
    mark: left === null ? undefined : left.includes(row.state) ? (left.length === 1 ? "fixed" : undefined) : "out",
  }));
}

/** The states before their answer is there: what can be chosen stands from the start, in its place. */
export function pendingBars(variable: Variable): Bar[] {
  return variable.states.map((state) => ({
    state,
    label: stateLabel(variable, state),
    p: 0,
    low: null,
    high: null,
    tick: null,
  }));
}

/** What a row is held against, null where that is the number itself. */
function tickOf(row: Row, against: Against): number | null {
  const tick = against === "without" ? (row.without ?? null) : row.baseline;
  return tick === null || Math.abs(tick - row.p) < 0.0005 ? null : tick;
}

export interface Change {
  readonly change: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** How far a row moved from what it is held against, with its interval; null where that has no answer. */
export function changeOf(row: ShortRow & Partial<Row>, against: Against): Change | null {
  if (against === "baseline") return { change: row.shift, low: row.shift_lo ?? null, high: row.shift_hi ?? null };
  if (row.effect === null || row.effect === undefined) return null;
  return { change: row.effect, low: row.effect_lo ?? null, high: row.effect_hi ?? null };
}

/** The row that moved most, null where none moved as much as a tenth of a point. */
export function largestChange<R extends ShortRow>(rows: readonly R[]): { readonly row: R; readonly by: Change } | null {
  const against = againstOf(rows);
  let found: { row: R; by: Change } | null = null;
  for (const row of rows) {
    const by = changeOf(row, against);
    if (by && Math.abs(by.change) >= 0.0005 && Math.abs(by.change) > Math.abs(found?.by.change ?? 0))
      found = { row, by };
  }
  return found;
}
