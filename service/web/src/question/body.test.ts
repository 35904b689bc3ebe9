import { describe, expect, it } from "vitest";
import { type BodySaid, bodyOf, questionOfBody } from "./body";
import { placeOfKept } from "./kept";
import { EMPTY } from "./question";
import { findingOf, settingOf } from "./syntax";

describe("a question as a body", () => {
  it("has every verb by its own key", () => {
    const given = new Map([
      ["a", findingOf("in(x,y)")],
      ["b", findingOf("like(x=2,y=1)")],
      ["c", findingOf("over(5)")],
      ["d", findingOf("not(x)")],
    ] as const);
    const done = new Map([["e", settingOf("between(1,5)")]] as const);
    const question = { ...EMPTY, given, do: done, cohort: "k" } as unknown as typeof EMPTY;
    expect(bodyOf(question)).toEqual({
      given: { a: { in: ["x", "y"] }, b: { likelihood: { x: 2, y: 1 } }, c: { over: 5 }, d: { not: ["x"] } },
      do: { e: { between: [1, 5] } },
      cohort: "k",
    });
  });

  it("comes back from what an answer repeats of it", () => {
    const given = new Map([
      ["a", findingOf("in(x,y)")],
      ["b", findingOf("like(x=2,y=1)")],
      ["c", findingOf("assumed(x=0.2,y=0.8)")],
      ["d", findingOf("not(x)")],
      ["e", findingOf("x")],
    ] as const);
    const done = new Map([
      ["f", settingOf("chances(x=0.5,y=0.5)")],
      ["g", settingOf("x")],
    ] as const);
    const question = { given, do: done, scenario: "then", cohort: null } as unknown as typeof EMPTY;
    expect(questionOfBody({ cohort: null, ...bodyOf(question) } as unknown as BodySaid)).toEqual(question);
  });
});

describe("an answer that is kept", () => {
  const said = { given: { xray: "yes" }, do: { smoke: "no" }, scenario: null, cohort: null };

  it("is asked again by what it says it was asked, however long", () => {
    const found = placeOfKept({ model: "asia", asked: said });
    expect(found.model).toBe("asia");
    expect(found.answer).toBeNull();
    expect([...found.question.given]).toEqual([["xray", { verb: "is", state: "yes" }]]);
    expect([...found.question.do]).toEqual([["smoke", { verb: "is", state: "no" }]]);
  });

  it("brings back what it compares", () => {
    const sides = [said, { ...said, do: {}, scenario: "none" }];
    expect(placeOfKept({ model: "asia", asked: { ...said, sides } }).sides).toEqual([
      "given=xray:yes&do=smoke:no",
      "given=xray:yes&scenario=none",
    ]);
  });
});
