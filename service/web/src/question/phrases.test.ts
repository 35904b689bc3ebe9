import { describe, expect, it } from "vitest";
import { variable } from "../test/model";
import { inWords, subjectOf, verbOf } from "./phrases";

const INCOME = variable("income", ["collapsed", "halved", "sustained"], { labels: { halved: "half of it" } });

describe("what is said, in words", () => {
  it("calls states by their labels", () => {
    expect(inWords({ verb: "is", state: "halved" }, INCOME, false)).toBe("half of it");
    expect(inWords({ verb: "not", states: ["halved", "sustained"] }, INCOME, false)).toBe(
      "not half of it or sustained",
    );
    expect(inWords({ verb: "is", state: "halved" }, INCOME, true)).toBe("set to half of it");
    expect(inWords({ verb: "assumed", numbers: { collapsed: 0.25, halved: 0.75 } }, INCOME, false)).toBe(
      "held at collapsed 25\u00a0%, half of it 75\u00a0%",
    );
  });

  it("names the verb", () => {
    expect(verbOf({ verb: "like", numbers: {} }, false)).toBe("reported");
    expect(verbOf({ verb: "is", state: "a" }, true)).toBe("set");
  });

  it("finds the variable that a statement of the API is about, the longest name that fits", () => {
    const names = ["is", "is_finances", "is_finances_late"];
    expect(subjectOf("is_finances=halved", names)).toBe("is_finances");
    expect(subjectOf("is_finances not in (a, b)", names)).toBe("is_finances");
    expect(subjectOf("do(is_finances_late=a)", names)).toBe("is_finances_late");
    expect(subjectOf("other=a", names)).toBeNull();
  });
});
