import { describe, expect, it } from "vitest";
import { modelOf, variable } from "../test/model";
import { type Explanation, account, findingLabel, oddsFactor } from "./account";
import { breakEven, tips } from "./break-even";
import { gapInWords } from "./gap";

const MODEL = modelOf([
  variable("lung", ["no", "yes"], { label: "Lung cancer" }),
  variable("xray", ["no", "yes"], { label: "X-ray" }),
  variable("smoke", ["no", "yes"], { label: "Smoker" }),
]);
const plain = (text: string): string => text.replaceAll("\u00a0", " ");

function explained(more: object): Explanation {
  const balance = {
    p_before: 0.1,
    p: 0.1,
    before_db: 0,
    db: 0,
    change_db: 0,
    method: "",
    reason: null,
    decided_by: [],
    weights: [],
  };
  return { target: "lung", state: "yes", given: {}, do: {}, done: null, balance, ...more } as unknown as Explanation;
}

const weight = (finding: string, delta: number, p_without: number) => ({
  finding,
  statement: "",
  db: 1,
  direction: "",
  in_order_db: 0,
  p_in_order: 0,
  p_without,
  delta,
  last_db: 0,
});

describe("the account", () => {
  it("says that there is nothing to explain where nothing is said", () => {
    expect(account(MODEL, explained({})).at(-1)).toMatch(/^Nothing is observed or done/);
  });

  it("names findings by their labels, the one that matters most first", () => {
    const balance = {
      ...explained({}).balance,
      p: 0.5,
      weights: [weight("smoke", 0.1, 0.4), weight("xray", 0.3, 0.2)],
    };
    const said = account(MODEL, explained({ balance, given: { xray: "yes", smoke: "no" } })).map(plain);
    expect(said[2]).toBe("X-ray: yes raises it: without that it would be 20 %.");
    expect(said[3]).toBe("Smoker: no raises it: without that it would be 40 %.");
  });

  it("says that findings overlap where each alone does less than all together", () => {
    const weights = [weight("smoke", 0.02, 0.48), weight("xray", 0.3, 0.2)];
    const told = (p: number): string[] =>
      account(MODEL, explained({ balance: { ...explained({}).balance, p, weights }, given: { xray: "yes" } }));
    expect(told(0.5).join(" ")).toContain("The findings overlap");
    expect(told(0.42).join(" ")).not.toContain("overlap");
  });

  it("says by how much where the chance reads the same without a finding", () => {
    const balance = { ...explained({}).balance, p: 0.501, p_before: 0.503, weights: [weight("smoke", -0.002, 0.503)] };
    const said = account(MODEL, explained({ balance, given: { smoke: "no" } })).map(plain);
    expect(said.slice(1)).toEqual(["Smoker: no lowers it by 0.20 points."]);
  });

  it("says what is done, by how much, and where that may be nothing", () => {
    const done = {
      p: 0.2,
      without: 0.1,
      effect: 0.1,
      effect_low: -0.01,
      effect_high: 0.2,
      outside: null,
      mass: 0.9,
      each: [{ variable: "smoke" }],
    };
    expect(plain(account(MODEL, explained({ done, do: { smoke: "yes" } }))[1] ?? "")).toBe(
      "Setting “Smoker” raises it by 10.0 points (−1.0 to +20.0), perhaps by nothing; without that it would be 10 %.",
    );
    const little = { ...done, p: 0.1001, effect: 0.0001, effect_low: 0.00005, effect_high: 0.0002 };
    expect(plain(account(MODEL, explained({ done: little, do: { smoke: "yes" } }))[1] ?? "")).not.toContain("without");
    expect(account(MODEL, explained({ done: { ...done, effect: 0 } }))[1]).toBe("Setting “Smoker” changes nothing.");
  });

  it("labels findings, sets and interventions alike", () => {
    const found = explained({ given: { xray: { not: ["yes"] } }, do: { smoke: "no" } });
    expect(findingLabel(MODEL, found, "xray")).toBe("X-ray: not yes");
    expect(findingLabel(MODEL, found, "smoke")).toBe("Smoker: set to no");
  });

  it("turns decibels into factors on odds", () => {
    expect([10, -10, 0.2, 0, null].map(oddsFactor)).toEqual([
      "odds × 10",
      "odds ÷ 10",
      "odds × 1.05",
      "odds as before",
      "decides it",
    ]);
  });
});

describe("break-even", () => {
  it("is the nearest value that tips", () => {
    expect(breakEven(0.5, { values: [0.1, 0.4], never: false })).toBe("tips it at 0.400 (now 0.500)");
    expect(breakEven(0.5, { values: [], never: true })).toBe("never tips it");
    expect([tips({ values: [0.4], never: false }), tips({ values: [], never: true })]).toEqual([true, false]);
  });
});

describe("seen and done", () => {
  it("says which is higher, and no gap where both are one", () => {
    expect(plain(gapInWords(0.011))).toBe("seen 1.1 points higher");
    expect(plain(gapInWords(-0.2))).toBe("seen 20.0 points lower");
    expect(gapInWords(0.00001)).toBe("no gap");
  });
});
