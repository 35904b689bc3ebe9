import { describe, expect, it } from "vitest";
import { doubt } from "./CollectionPlan";
import { limitFor } from "./Goals";

describe("what is offered by the chance now", () => {
  it.each([
    [0.018, "below", "0.9"],
    [0.51, "below", "26"],
    [0.018, "above", "51"],
    [0.96, "above", "98.0"],
    [0, "below", "0.1"],
    [1, "above", "99.9"],
  ] as const)("a limit for %s, %s, is %s", (chance, side, limit) => {
    expect(Number(limitFor(chance, side))).toBe(Number(limit));
  });

  it("is all the doubt of an even question", () => {
    expect(doubt(0.5)).toBe(1);
    expect(doubt(0)).toBe(0);
    expect(doubt(0.11)).toBeCloseTo(0.5, 2);
  });
});
