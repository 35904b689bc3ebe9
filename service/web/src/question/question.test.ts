import { describe, expect, it } from "vitest";
import { EMPTY, isEmpty, leaving, observe, set, statesLeft, takeBack, withoutDoing } from "./question";

const STATES = ["low", "medium", "high"];

describe("a question", () => {
  it("says one thing of a variable at a time", () => {
    const seen = observe(EMPTY, "x", { verb: "is", state: "low" });
    const done = set(seen, "x", { verb: "is", state: "high" });
    expect(done.given.size).toBe(0);
    expect(done.do.get("x")).toEqual({ verb: "is", state: "high" });
    expect(observe(done, "x", { verb: "is", state: "low" }).do.size).toBe(0);
  });

  it("is never changed in place", () => {
    observe(EMPTY, "x", { verb: "is", state: "low" });
    expect(isEmpty(EMPTY)).toBe(true);
  });

  it("takes back everything said of a variable, and only that", () => {
    const asked = observe(set(EMPTY, "y", { verb: "is", state: "a" }), "x", { verb: "is", state: "low" });
    expect(takeBack(asked, "x").do.has("y")).toBe(true);
    expect(takeBack(asked, "x").given.size).toBe(0);
    expect(withoutDoing(asked).do.size).toBe(0);
  });

  it("knows which states are left", () => {
    expect(statesLeft({ verb: "not", states: ["low"] }, STATES)).toEqual(["medium", "high"]);
    expect(statesLeft({ verb: "like", numbers: { low: 2 } }, STATES)).toBeNull();
  });

  it("says what is left in the shortest way", () => {
    expect(leaving(["low"], STATES)).toEqual({ verb: "is", state: "low" });
    expect(leaving(["low", "high"], STATES)).toEqual({ verb: "not", states: ["medium"] });
    expect(leaving(["a", "b"], ["a", "b", "c", "d"])).toEqual({ verb: "in", states: ["a", "b"] });
    expect(leaving(STATES, STATES)).toBeNull();
    expect(leaving([], STATES)).toBeNull();
  });
});
