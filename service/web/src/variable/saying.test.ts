import { describe, expect, it } from "vitest";
import { EMPTY } from "../question/question";
import { chosenState, clicked, numbersTyped, usualClick } from "./saying";

const STATES = ["low", "medium", "high"];

describe("a click on a state", () => {
  it("observes it, and takes it back the second time", () => {
    const once = clicked(EMPTY, "x", "low", STATES, "observe");
    expect(chosenState(once, "x")).toBe("low");
    expect(clicked(once, "x", "low", STATES, "observe")).toEqual(EMPTY);
    expect(chosenState(clicked(once, "x", "high", STATES, "observe"), "x")).toBe("high");
  });

  it("rules out one after another, brings them back, and never rules out all", () => {
    const one = clicked(EMPTY, "x", "low", STATES, "rule out");
    const two = clicked(one, "x", "medium", STATES, "rule out");
    expect(one.given.get("x")).toEqual({ verb: "not", states: ["low"] });
    expect(two.given.get("x")).toEqual({ verb: "not", states: ["low", "medium"] });
    expect(clicked(two, "x", "high", STATES, "rule out")).toBe(two);
    expect(clicked(one, "x", "low", STATES, "rule out").given.size).toBe(0);
  });

  it("sets it in place of what was observed", () => {
    const seen = clicked(EMPTY, "x", "low", STATES, "observe");
    const done = clicked(seen, "x", "high", STATES, "set");
    expect([done.given.size, chosenState(done, "x")]).toEqual([0, "high"]);
    expect(clicked(done, "x", "high", STATES, "set").do.size).toBe(0);
  });

  it("means to begin with what was said already, so that nothing done becomes observed unasked", () => {
    const done = clicked(EMPTY, "x", "high", STATES, "set");
    expect(usualClick(done, "x")).toBe("set");
    expect(usualClick(clicked(EMPTY, "x", "low", STATES, "rule out"), "x")).toBe("rule out");
    expect(usualClick(done, "another")).toBe("observe");
  });
});

describe("numbers typed", () => {
  it("are ratios of a report, or per cent that sum to a hundred", () => {
    expect(numbersTyped({ a: "4", b: "1", c: "" }, "like")).toEqual({ a: 4, b: 1 });
    expect(numbersTyped({ a: "70", b: "30" }, "assumed")).toEqual({ a: 0.7, b: 0.3 });
  });

  it.each([
    { a: "70", b: "20" },
    { a: "x", b: "100" },
    { a: "-1", b: "101" },
    { a: "", b: "" },
  ])("%o are refused", (typed) => {
    expect(numbersTyped(typed as Record<string, string>, "chances")).toBeNull();
  });
});
