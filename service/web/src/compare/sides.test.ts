import { describe, expect, it } from "vitest";
import { EMPTY } from "../question/question";
import { modelOf, variable } from "../test/model";
import { MOST, askedSide, comparable, questionOfSide, sideOf, withSide } from "./sides";

const QUESTION = { ...EMPTY, cohort: "belgium", do: new Map([["x", { verb: "is", state: "a" } as const]]) };

describe("sides of a comparison", () => {
  it("come back as the questions that they were", () => {
    expect(questionOfSide(sideOf(QUESTION))).toEqual(QUESTION);
    expect(questionOfSide("")).toEqual(EMPTY);
  });

  it("are kept once each, and not more than fit", () => {
    const one = withSide([], QUESTION);
    expect(withSide(one, QUESTION)).toEqual(one);
    const full = Array.from({ length: MOST }, (_, i) => `cohort=${i}`);
    expect(withSide(full, QUESTION)).toEqual(full);
  });

  it("name their picture for the API", () => {
    expect(sideOf(askedSide(modelOf([]), ""))).toBe("scenario=none");
    expect(sideOf(askedSide(modelOf([], { default_scenario: "now" }), "cohort=b"))).toBe("scenario=now&cohort=b");
    expect(sideOf(askedSide(modelOf([], { default_scenario: "now" }), "scenario=then"))).toBe("scenario=then");
  });

  it("are compared by what every one of them can answer", () => {
    const model = {
      ...modelOf([variable("a", ["x"]), variable("b", ["x"], { level: "individual" })], { headline: ["a", "b"] }),
      hasIndividuals: true,
    };
    expect(comparable(model, ["", "do=a:x"])).toEqual(["a", "b"]);
    expect(comparable(model, ["", "cohort=c"])).toEqual(["b"]);
    expect(comparable(model, ["", "do=a:x"], "b")).toEqual(["b", "a"]);
  });
});
