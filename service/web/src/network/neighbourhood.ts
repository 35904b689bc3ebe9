/** The neighbourhood of a variable: what acts on it within two steps, what it acts on, and where each card stands. */
import { type Model, stateLabel } from "../state/model";

export const CARD_WIDTH = 196;
export const BETWEEN = 40;
/** Room for the signs of arcs that run through a gap between columns: for each beyond the first four, and at most. */
const ROOM_FOR_SIGN = 8;
const MOST_ROOM = 32;
const GAP = 22;
const HEAD = 56;
const STATE = 27;
/** Characters in a line of a card's label and of a state's name. */
const LABEL = 20;
const NAME = 11;
const STEPS_UP = 2;

export interface Placed {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly height: number;
  /** Steps from the variable in the middle: causes are negative. */
  readonly column: number;
}

export interface Arc {
  readonly from: string;
  readonly to: string;
  readonly sign: Model["arcs"][number]["sign"];
  readonly strength: number;
}

export interface Neighbourhood {
  readonly cards: readonly Placed[];
  readonly arcs: readonly Arc[];
}

/** Cards in columns by steps from the middle, in a column by where the server's picture has them. */
export function neighbourhood(model: Model, focus: string): Neighbourhood {
  const column = new Map<string, number>([[focus, 0]]);
  let edge = [focus];
  for (let step = 1; step <= STEPS_UP; step += 1) {
    edge = edge.flatMap((name) => model.variables.get(name)?.parents ?? []).filter((name) => !column.has(name));
    for (const name of edge) column.set(name, -step);
  }
  for (const name of model.children.get(focus) ?? []) if (!column.has(name)) column.set(name, 1);
  settle(model, column);
  const cards = stacked(model, column);
  const arcs = model.arcs.filter((arc) => column.has(arc.from) && column.has(arc.to));
  return { cards, arcs };
}

/** The cards of a trail, in the order of its arcs, and every arc among them; null where it names a variable that is not there. */
export function trail(model: Model, via: readonly string[]): Neighbourhood | null {
  if (via.length < 2 || via.some((name) => !model.variables.has(name))) return null;
  const column = new Map<string, number>();
  let at = 0;
  via.forEach((name, i) => {
    if (i > 0) at += isArc(model, via[i - 1] ?? "", name) ? 1 : -1;
    column.set(name, at);
  });
  settle(model, column);
  return {
    cards: stacked(model, column),
    arcs: model.arcs.filter((arc) => column.has(arc.from) && column.has(arc.to)),
  };
}

/** Whether a trail runs along an arc, either way. */
export function isOnTrail(via: readonly string[], from: string, to: string): boolean {
  return via.some((name, i) => i > 0 && ((via[i - 1] === from && name === to) || (via[i - 1] === to && name === from)));
}

function isArc(model: Model, from: string, to: string): boolean {
  return model.variables.get(to)?.parents.includes(from) ?? false;
}

/** A cause of a cause that acts on another of its own column moves a column to the left, so that arcs run rightwards. */
function settle(model: Model, column: Map<string, number>): void {
  for (let round = 0; round < column.size; round += 1) {
    let isMoved = false;
    for (const arc of model.arcs) {
      const [from, to] = [column.get(arc.from), column.get(arc.to)];
      if (from === undefined || to === undefined || from < to) continue;
      if (from <= 0 && to <= 0) column.set(arc.from, to - 1);
      else column.set(arc.to, from + 1);
      isMoved = true;
    }
    if (!isMoved) return;
  }
}

function stacked(model: Model, column: ReadonlyMap<string, number>): Placed[] {
  const columns = new Map<number, string[]>();
  for (const [name, at] of column) columns.set(at, [...(columns.get(at) ?? []), name]);
  const row = (name: string): number => model.variables.get(name)?.position.row ?? 0;
  const left = leftEdges(model, column);
  return [...columns].flatMap(([at, names]) => {
    const sorted = names.sort((a, b) => row(a) - row(b));
    const heights = sorted.map((name) => cardHeight(model, name));
    const total = heights.reduce((sum, height) => sum + height + GAP, -GAP);
    let y = -total / 2;
    return sorted.map((name, i) => {
      const height = heights[i] ?? 0;
      const card = { name, x: left.get(at) ?? 0, y, height, column: at };
      y += height + GAP;
      return card;
    });
  });
}

/** Where each column begins: gaps through which many arcs run are wider. */
function leftEdges(model: Model, column: ReadonlyMap<string, number>): ReadonlyMap<number, number> {
  const [first, last] = [Math.min(...column.values()), Math.max(...column.values())];
  const edges = new Map<number, number>();
  let x = 0;
  for (let at = first; at <= last; at += 1) {
    edges.set(at, x);
    const through = model.arcs.filter(({ from, to }) => {
      const [start, end] = [column.get(from), column.get(to)];
      return start !== undefined && end !== undefined && start <= at && end > at;
    }).length;
    x += CARD_WIDTH + BETWEEN + Math.min(MOST_ROOM, ROOM_FOR_SIGN * Math.max(0, through - 4));
  }
  return edges;
}

/** How high a card is, by its label and its states. */
export function cardHeight(model: Model, name: string): number {
  const variable = model.variables.get(name);
  if (!variable) return HEAD;
  const lines = Math.ceil(variable.label.length / LABEL);
  const names = variable.states.map((state) => Math.ceil(stateLabel(variable, state).length / NAME));
  return HEAD + (lines - 1) * 19 + names.reduce((sum, each) => sum + STATE + (each - 1) * 15, 0);
}

/** The card next to one in a direction, for the arrow keys; null where there is none. */
export function nextCard(found: Neighbourhood, name: string, key: string): string | null {
  const here = found.cards.find((card) => card.name === name);
  if (!here) return null;
  if (key === "ArrowUp" || key === "ArrowDown") {
    const column = found.cards.filter((card) => card.column === here.column).sort((a, b) => a.y - b.y);
    return column[column.indexOf(here) + (key === "ArrowUp" ? -1 : 1)]?.name ?? null;
  }
  const side = key === "ArrowLeft" ? -1 : key === "ArrowRight" ? 1 : 0;
  if (side === 0) return null;
  const beside = found.cards.filter((card) => Math.sign(card.column - here.column) === side);
  const middle = (card: Placed): number => card.y + card.height / 2;
  return (
    beside.sort(
      (a, b) =>
        Math.abs(a.column - here.column) - Math.abs(b.column - here.column) ||
        Math.abs(middle(a) - middle(here)) - Math.abs(middle(b) - middle(here)),
    )[0]?.name ?? null
  );
}
