/** Where the signs of arcs stand: each on its own arc, apart from the others and clear of cards. */
import type { Box, Detour } from "./detour";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Pixels between the middles of two signs at least, and from a sign to the edge of a card or to another arc. */
const APART = 22;
const CLEAR = 9;
const NEAR = 8;
/** Shares of an arc's length at which its sign may stand, the best first. */
const TRIED = [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.2, 0.8, 0.14, 0.86];
const STEPS = 24;
const NOWHERE: Point = { x: 0, y: 0 };

/** Points along the way of an arc, as it is drawn: from the right edge of a card to the left edge of another. */
export function wayOf(from: Box, to: Box, past: Detour | null): Point[] {
  const start = { x: from.x + from.width, y: from.y + from.height / 2 };
  const end = { x: to.x, y: to.y + to.height / 2 };
  const level = (one: Point, other: Point, reach: number): Point[] =>
    bezier(one, { x: one.x + reach, y: one.y }, { x: other.x - reach, y: other.y }, other);
  if (past === null) {
    const across = end.x - start.x;
    return level(start, end, across >= 0 ? across / 2 : 6.25 * Math.sqrt(-across));
  }
  const [left, right] = [
    { x: past.left, y: past.y },
    { x: past.right, y: past.y },
  ];
  return [
    ...level(start, left, Math.max(14, (left.x - start.x) / 2)),
    ...level(right, end, Math.max(14, (end.x - right.x) / 2)),
  ];
}

/** Points along a cubic curve. */
function bezier(a: Point, b: Point, c: Point, d: Point): Point[] {
  return Array.from({ length: STEPS + 1 }, (_, i) => {
    const t = i / STEPS;
    const u = 1 - t;
    const mixed = (from: number, one: number, two: number, to: number): number =>
      u ** 3 * from + 3 * u * u * t * one + 3 * u * t * t * two + t ** 3 * to;
    return { x: mixed(a.x, b.x, c.x, d.x), y: mixed(a.y, b.y, c.y, d.y) };
  });
}

/** A place for the sign of every way, in their order; short ones, which have the least choice, choose first. */
export function signPlaces(ways: readonly (readonly Point[])[], cards: readonly Box[]): Point[] {
  const placed = new Map<readonly Point[], Point>();
  for (const way of [...ways].sort((one, other) => spanOf(one) - spanOf(other))) {
    const others = ways.filter((each) => each !== way);
    const tried = TRIED.map((share) => pointAt(way, share));
    const costs = tried.map((point) => cost(point, [...placed.values()], others, cards));
    placed.set(way, tried[costs.indexOf(Math.min(...costs))] ?? NOWHERE);
  }
  return ways.map((way) => placed.get(way) ?? NOWHERE);
}

function spanOf(way: readonly Point[]): number {
  return distance(way[0] ?? NOWHERE, way.at(-1) ?? NOWHERE);
}

/** How badly a sign would stand: on another sign or on a card worst, then on other arcs. */
function cost(
  point: Point,
  placed: readonly Point[],
  others: readonly (readonly Point[])[],
  cards: readonly Box[],
): number {
  const nearest = Math.min(Infinity, ...placed.map((each) => distance(point, each)));
  const crowded = nearest < APART ? 100 * (2 - nearest / APART) : 0;
  const hidden = cards.some((card) => isWithin(point, card)) ? 200 : 0;
  return crowded + hidden + others.filter((way) => way.some((each) => distance(point, each) < NEAR)).length;
}

function isWithin({ x, y }: Point, { x: left, y: top, width, height }: Box): boolean {
  return x > left - CLEAR && x < left + width + CLEAR && y > top - CLEAR && y < top + height + CLEAR;
}

function distance(one: Point, other: Point): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

/** The point at a share of a way's length. */
function pointAt(way: readonly Point[], share: number): Point {
  const lengths = way.slice(1).map((point, i) => distance(point, way[i] ?? point));
  let left = share * lengths.reduce((sum, each) => sum + each, 0);
  for (const [i, length] of lengths.entries()) {
    const [from, to] = [way[i], way[i + 1]];
    if (from && to && length >= left && length > 0) {
      return { x: from.x + ((to.x - from.x) * left) / length, y: from.y + ((to.y - from.y) * left) / length };
    }
    left -= length;
  }
  return way.at(-1) ?? NOWHERE;
}
