import { describe, expect, it } from "vitest";
import { variable } from "../test/model";
import { search } from "./search";

const ALL = [
  variable("is_finances", ["collapsed", "halved"], { label: "Income of the core organisation" }),
  variable("income_abroad", ["low", "high"], { label: "Income" }),
  variable("mosul_status", ["held", "lost"], { label: "Mosul", labels: { lost: "Retaken" } }),
  variable("el_nino", ["no", "yes"], { label: "El Niño" }),
];
const names = (text: string): string[] => search(ALL, text).map(({ variable: { name } }) => name);

describe("search", () => {
  it("finds by any word of a label, in any order and by its beginning", () => {
    expect(names("organ income")).toEqual(["is_finances"]);
    expect(names("nino")).toEqual(["el_nino"]);
  });

  it("puts a label that is matched whole first", () => {
    expect(names("income")).toEqual(["income_abroad", "is_finances"]);
  });

  it("finds by name, and by a state, which it names", () => {
    expect(names("finances")).toEqual(["is_finances"]);
    expect(search(ALL, "mosul retaken")[0]).toMatchObject({ state: "lost" });
  });

  it("finds one where many are asked for", () => {
    expect(names("incomes")).toEqual(["income_abroad", "is_finances"]);
    expect(names("organisations")).toEqual(["is_finances"]);
  });

  it("finds nothing for nothing", () => {
    expect(names("  ")).toEqual([]);
    expect(names("zebra")).toEqual([]);
  });
});
