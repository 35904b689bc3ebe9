import { describe, expect, it } from "vitest";
import { signPlaces, wayOf } from "./signs";

const box = (x: number, y: number, height = 100) => ({ x, y, width: 200, height });

function nearest(places: readonly { x: number; y: number }[]): number {
  const apart = places.flatMap((one, i) =>
    places.slice(i + 1).map((other) => Math.hypot(one.x - other.x, one.y - other.y)),
  );
  return Math.min(...apart);
}

describe("signs of arcs", () => {
  it("stand in the middle of an arc that is alone", () => {
    const [place] = signPlaces([wayOf(box(0, 0), box(400, 0), null)], []);
    expect(place?.x).toBeCloseTo(300);
    expect(place?.y).toBeCloseTo(50);
  });

  it("of arcs that meet at a card stand apart, and none on a card", () => {
    const cards = [box(0, 0), box(0, 40), box(0, 80), box(0, 120), box(240, 60)];
    const to = cards[4] ?? box(0, 0);
    const places = signPlaces(
      cards.slice(0, 4).map((from) => wayOf(from, to, null)),
      cards,
    );
    expect(nearest(places)).toBeGreaterThan(16);
    for (const { x } of places) expect(x > 200 && x < 240).toBe(true);
  });

  it("of arcs that cross stand beside the crossing", () => {
    const [one, other] = signPlaces([wayOf(box(0, 0), box(400, 200), null), wayOf(box(0, 200), box(400, 0), null)], []);
    expect(Math.hypot((one?.x ?? 0) - (other?.x ?? 0), (one?.y ?? 0) - (other?.y ?? 0))).toBeGreaterThan(20);
  });

  it("of an arc past a card stands on its way over or under it", () => {
    const way = wayOf(box(0, 0), box(500, 0), { left: 238, right: 462, y: -20 });
    const [place] = signPlaces([way], [box(250, -8)]);
    expect(place?.y).toBeCloseTo(-20);
  });
});
