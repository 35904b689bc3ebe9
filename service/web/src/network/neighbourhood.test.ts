import { describe, expect, it } from "vitest";
import { modelOf, variable } from "../test/model";
import { isOnTrail, neighbourhood, nextCard, trail } from "./neighbourhood";

const TWO = ["no", "yes"];
const MODEL = modelOf([
  variable("far", TWO),
  variable("root", TWO, { parents: ["far"] }),
  variable("left", TWO, { parents: ["root"], position: { column: 1, row: 2 } }),
  variable("right", TWO, { parents: ["root", "left"], position: { column: 1, row: 1 } }),
  variable("middle", TWO, { parents: ["left", "right"] }),
  variable("effect", TWO, { parents: ["middle", "root"] }),
  variable("other", TWO, { parents: ["effect"] }),
]);

describe("a neighbourhood", () => {
  const found = neighbourhood(MODEL, "middle");
  const at = (name: string) => found.cards.find((card) => card.name === name);

  it("holds what acts on a variable within two steps, and what it acts on", () => {
    expect(found.cards.map((card) => card.name).sort()).toEqual(["effect", "left", "middle", "right", "root"]);
  });

  it("has every arc among its cards run to the right", () => {
    expect(found.arcs).toHaveLength(7);
    for (const arc of found.arcs) expect(at(arc.from)?.x).toBeLessThan(at(arc.to)?.x ?? 0);
  });

  it("lets no two cards overlap", () => {
    for (const one of found.cards)
      for (const other of found.cards)
        if (one !== other && one.x === other.x)
          expect(one.y + one.height <= other.y || other.y + other.height <= one.y).toBe(true);
  });

  it("is walked by arrow keys", () => {
    expect(nextCard(found, "middle", "ArrowRight")).toBe("effect");
    expect(nextCard(found, "effect", "ArrowLeft")).toBe("middle");
    expect(nextCard(found, "middle", "ArrowUp")).toBeNull();
    expect(nextCard(found, "middle", "Home")).toBeNull();
  });
});

describe("a trail", () => {
  it("has its variables as cards, causes left of effects, and knows its arcs", () => {
    const via = ["left", "root", "effect"];
    const found = trail(MODEL, via);
    const x = (name: string): number => found?.cards.find((card) => card.name === name)?.x ?? -1;
    expect(found?.cards).toHaveLength(3);
    expect(x("root")).toBeLessThan(x("left"));
    expect(x("root")).toBeLessThan(x("effect"));
    expect(isOnTrail(via, "root", "left")).toBe(true);
    expect(isOnTrail(via, "left", "effect")).toBe(false);
  });

  it("is none where a variable is not of the model", () => {
    expect(trail(MODEL, ["left", "nowhere"])).toBeNull();
    expect(trail(MODEL, [])).toBeNull();
  });
});
