import { describe, expect, it } from "vitest";
import { modelOf, variable } from "../test/model";
import { dropsOf } from "./drops";
import { EMPTY, observe } from "./question";

const COHORT = { name: "b", label: "B", low: 1, high: 2, note: null, given: { home: "europe" }, sources: [] };
const MODEL = {
  ...modelOf([variable("own", ["a"]), variable("home", ["europe"]), variable("war", ["a"])]),
  cohorts: [COHORT],
};
const QUESTION = { ...observe(EMPTY, "own", { verb: "is", state: "a" }), cohort: "b" };

describe("what to drop of a conflict", () => {
  const drops = dropsOf(MODEL, QUESTION, ["own=a", "home=europe", "war not in (a)"]);

  it("is taken back where the question says it", () => {
    expect([drops[0]?.of, drops[0]?.without.given.size, drops[0]?.without.cohort]).toEqual(["question", 0, "b"]);
  });

  it("is the cohort where the cohort says it, and the picture for the rest", () => {
    expect([drops[1]?.of, drops[1]?.without.cohort]).toEqual(["cohort", null]);
    expect([drops[2]?.of, drops[2]?.without.scenario, drops[2]?.without.given.size]).toEqual(["picture", "none", 1]);
  });
});
