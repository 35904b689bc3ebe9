import { describe, expect, it } from "vitest";
import { NOWHERE, placeOf, placeOfAnswer, searchOf } from "./address";
import { nameFor } from "./named";

describe("the name of a question", () => {
  it.each([
    ["Strong borders, no talks", "strong-borders-no-talks"],
    ["  Élan  2017! ", "e-lan-2017"],
    ["R-1", "q-r-1"],
    ["active", "q-active"],
    ["…", ""],
    ["x".repeat(80), "x".repeat(64)],
  ])("of %s is %s", (label, name) => expect(nameFor(label)).toBe(name));
});

describe("a short link", () => {
  it("names an answer and comes back from the address", () => {
    const there = { ...NOWHERE, answer: "a-1", view: "why" as const };
    expect(searchOf(there)).toBe("?view=why&answer=a-1");
    expect(placeOf(searchOf(there))).toEqual(there);
  });

  it("asks what the answer's address says", () => {
    const found = placeOfAnswer("/forecasts/v1/models/asia/forecast/lung.json?given=xray:yes&do=smoke:no&revision=r-1");
    expect(found?.model).toBe("asia");
    expect([...(found?.question.given ?? [])]).toEqual([["xray", { verb: "is", state: "yes" }]]);
    expect(found?.question.do.size).toBe(1);
    expect(placeOfAnswer("/elsewhere")).toBeNull();
  });
});
