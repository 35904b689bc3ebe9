import { describe, expect, it } from "vitest";
import { modelOf, variable } from "../test/model";
import { flowLayout } from "./flow-layout";
import { againstOf, barsOf, changeName, changeOf, largestChange, tickName } from "./rows";

const row = (state: string, p: number, more: object = {}) => ({
  state,
  p,
  lo: null,
  hi: null,
  baseline: 0.5,
  shift: p - 0.5,
  shift_lo: null,
  shift_hi: null,
  ...more,
});

describe("rows of an answer", () => {
  it("are held against the question without what it does, where it does something", () => {
    expect(againstOf([row("a", 0.6)])).toBe("baseline");
    expect(againstOf([row("a", 0.6, { without: 0.4, effect: 0.2 })])).toBe("without");
  });

  it("name what they are held against: a model without a picture has nothing but what is said", () => {
    const pictured = modelOf([], { default_scenario: "now" });
    expect([tickName("baseline", pictured), changeName("baseline", pictured)]).toEqual([
      "in the default picture",
      "against the default picture",
    ]);
    expect([tickName("baseline", modelOf([])), changeName("baseline", modelOf([]))]).toEqual([
      "with nothing said",
      "by what is said",
    ]);
    expect(changeName("without", pictured)).toBe("by what is done");
  });

  it("have a tick only where it differs from the number", () => {
    const bars = barsOf([row("a", 0.6), row("b", 0.5)], undefined);
    expect(bars.map((bar) => bar.tick)).toEqual([0.5, null]);
  });

  it("are marked by what was said of them", () => {
    const of = variable("x", ["a", "b", "c"]);
    const marks = barsOf([row("a", 0), row("b", 0.4), row("c", 0.6)], of, { verb: "not", states: ["a"] }).map(
      (bar) => bar.mark,
    );
    expect(marks).toEqual(["out", undefined, undefined]);
    expect(barsOf([row("a", 1)], of, { verb: "is", state: "a" })[0]?.mark).toBe("fixed");
  });

  it("give the change with its interval, and none where there is no answer without", () => {
    expect(changeOf(row("a", 0.6, { effect: 0.2, effect_lo: 0.1, effect_hi: 0.3 }), "without")).toEqual({
      change: 0.2,
      low: 0.1,
      high: 0.3,
    });
    expect(changeOf(row("a", 0.6, { effect: null }), "without")).toBeNull();
  });

  it("name the one that moved most, and none where nothing did", () => {
    expect(largestChange([row("a", 0.6), row("b", 0.2)])?.row.state).toBe("b");
    expect(largestChange([row("a", 0.5), row("b", 0.5003)])).toBeNull();
  });
});

describe("a flow", () => {
  const part = (key: string, p: number) => ({ key, label: key, p, open: () => undefined });
  const found = flowLayout(
    "all",
    [
      { ...part("a", 0.7), parts: [part("x", 0.5), part("y", 0.2)] },
      { ...part("b", 0.3), parts: [] },
    ],
    900,
  );

  it("has a block for each end, as high as its chance", () => {
    const height = (key: string): number => found.blocks.find((block) => block.key === key)?.height ?? 0;
    expect(height("a") / height("root")).toBeCloseTo(0.7);
    expect(height("a/x") + height("a/y")).toBeCloseTo(height("a"));
  });

  it("keeps labels of a column apart, and everything inside", () => {
    for (const column of new Set(found.blocks.map((block) => block.x))) {
      const at = found.blocks
        .filter((block) => block.x === column)
        .map((block) => block.labelAt)
        .sort((a, b) => a - b);
      for (let i = 1; i < at.length; i += 1) expect((at[i] ?? 0) - (at[i - 1] ?? 0)).toBeGreaterThanOrEqual(30);
    }
    for (const block of found.blocks)
      expect(block.top >= 0 && block.top + block.height <= found.height + 0.01).toBe(true);
  });

  it("has a ribbon for each block but the first", () => {
    expect(found.ribbons).toHaveLength(4);
  });
});
