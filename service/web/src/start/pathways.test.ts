import { describe, expect, it } from "vitest";
import { modelOf, variable } from "../test/model";
import { branches, details, firstWay, mainPathway } from "./pathways";

const joint = (variable: string, rows: readonly (readonly [string, string, number])[]) => ({
  variables: ["fate", variable],
  rows: rows.map(([a, b, p]) => ({ states: [a, b], p, lo: null, hi: null })),
  interval: null,
});
const MAIN = [
  { state: "gone", p: 0.6 },
  { state: "back", p: 0.4 },
];

describe("the flow of pathways", () => {
  it("begins with the headline whose role it is, and looks for what holds for some only", () => {
    const model = modelOf(
      [
        variable("fate", ["gone", "back"], { role: "pathway" }),
        variable("where", ["none", "a"], { role: "pathway" }),
        variable("x", ["none", "a"]),
      ],
      { headline: ["x", "fate"] },
    );
    expect(mainPathway(model)).toBe("fate");
    expect(details(model, "fate")).toEqual(["where"]);
    expect(mainPathway(modelOf([variable("x", ["a", "b"])], { headline: ["x"] }))).toBeNull();
  });

  it("hangs a detail on the one pathway that it falls in, with its chances", () => {
    const found = branches(MAIN, [
      joint("where", [
        ["gone", "none", 0],
        ["gone", "a", 0.5],
        ["gone", "b", 0.1],
        ["back", "none", 0.4],
        ["back", "a", 0],
        ["back", "b", 0],
      ]),
    ]);
    expect(found[0]?.ways).toEqual([
      {
        variable: "where",
        parts: [
          { state: "a", p: 0.5 },
          { state: "b", p: 0.1 },
        ],
      },
    ]);
    expect(found[1]?.ways).toEqual([]);
  });

  it("leaves out a detail that belongs to several pathways", () => {
    const found = branches(MAIN, [
      joint("when", [
        ["gone", "none", 0.3],
        ["gone", "a", 0.3],
        ["back", "none", 0.2],
        ["back", "a", 0.2],
      ]),
    ]);
    expect(found.flatMap((branch) => branch.ways)).toEqual([]);
  });

  it("shows a headline first, else the finest", () => {
    const way = (variable: string, count: number) => ({
      variable,
      parts: Array.from({ length: count }, (_, i) => ({ state: `${i}`, p: 0.1 })),
    });
    const branch = { state: "gone", p: 0.6, ways: [way("coarse", 1), way("fine", 3)] };
    expect(firstWay(branch, [])).toBe("fine");
    expect(firstWay(branch, ["coarse"])).toBe("coarse");
  });
});
