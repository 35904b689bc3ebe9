import { describe, expect, it } from "vitest";
import { NOWHERE, placeOf, searchOf } from "./address";
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
});
