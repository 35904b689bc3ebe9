import { describe, expect, it } from "vitest";
import { NOWHERE, type Place, addressOf, moved, placeOf, searchIn, searchOf } from "./address";
import { EMPTY } from "./question";

const FULL: Place = {
  model: "mosul-2017",
  view: "why",
  question: {
    given: new Map([
      ["is_finances", { verb: "not", states: ["sustained"] }],
      ["x", { verb: "is", state: "a & b = c?" }],
    ]),
    do: new Map([["border", { verb: "is", state: "strong" }]]),
    scenario: "none",
    cohort: "belgium",
  },
  focus: "is_finances",
  target: "pathway",
  state: "returnee",
  sides: ["given=a:b&do=c:d", ""],
  via: ["is_finances", "pathway"],
  tab: "rests",
  answer: "a-1",
  unread: [],
};

describe("what of an address cannot be read", () => {
  it("is told and left out: statements without a meaning, and those that are said again", () => {
    const found = placeOf(
      "?model=asia&given=xray&given=tub:like(yes=x)&do=smoke&given=lung:yes&given=lung:no&do=asia:yes",
    );
    expect(found.unread).toEqual(["given=xray", "given=tub:like(yes=x)", "given=lung:yes", "do=smoke"]);
    expect(searchOf(found)).toBe("?model=asia&given=lung:no&do=asia:yes");
    expect(moved(found, { view: "why" }).unread).toEqual([]);
  });
});

describe("the address", () => {
  it("brings back the place that it was made from", () => {
    expect(placeOf(searchOf(FULL))).toEqual(FULL);
  });

  it("is empty at the start, and an empty address is the start", () => {
    expect(searchOf(NOWHERE)).toBe("");
    expect(placeOf("")).toEqual(NOWHERE);
  });

  it("keeps evidence readable", () => {
    expect(searchOf({ ...NOWHERE, question: { ...EMPTY, given: FULL.question.given } })).toBe(
      "?given=is_finances:not%28sustained%29&given=x:a%20%26%20b%20=%20c%3F"
        .replaceAll("%28", "(")
        .replaceAll("%29", ")"),
    );
  });

  it("leaves a trail where something else is looked at, and keeps it where another question is asked", () => {
    expect(moved(FULL, { focus: "x" }).via).toEqual([]);
    expect(moved(FULL, { focus: "x", via: ["a", "b"] }).via).toEqual(["a", "b"]);
    expect(moved(FULL, { question: EMPTY }).via).toEqual(FULL.via);
  });

  it("leaves out what cannot be read", () => {
    const found = placeOf("?view=nowhere&given=broken&given=a:in(&do=b:c");
    expect(found.view).toBe("overview");
    expect(found.question.given.size).toBe(0);
    expect(found.question.do.get("b")).toEqual({ verb: "is", state: "c" });
  });

  it("takes an API's own question as it is", () => {
    const found = placeOf("?given=ungoverned_areas:not(limited)&scenario=march_2017");
    expect(found.question.given.get("ungoverned_areas")).toEqual({ verb: "not", states: ["limited"] });
    expect(found.question.scenario).toBe("march_2017");
  });
});

describe("a question too long for a server", () => {
  const given = new Map(
    Array.from({ length: 200 }, (_, i) => [
      `a_finding_with_a_long_name_${i}`,
      { verb: "is" as const, state: "yes, surely" },
    ]),
  );
  const place = { ...NOWHERE, question: { ...EMPTY, given } };

  it("stands in the fragment of the address and comes back from there", () => {
    const address = addressOf(place);
    expect(address.length).toBeGreaterThan(7000);
    expect(address.slice(0, 2)).toBe("#?");
    expect(placeOf(searchIn({ search: "", hash: address }))).toEqual(place);
  });

  it("leaves short ones where they were", () => {
    expect(addressOf(FULL)).toBe(searchOf(FULL));
    expect(placeOf(searchIn({ search: addressOf(FULL), hash: "#content" }))).toEqual(FULL);
  });
});
