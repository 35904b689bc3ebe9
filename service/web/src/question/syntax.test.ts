import { describe, expect, it } from "vitest";
import { findingOf, quoted, settingOf, split, textOf } from "./syntax";

const TEXTS = [
  "halved",
  "in(a,b)",
  "not(a,b)",
  "like(a=4,b=1)",
  "assumed(a=0.7,b=0.3)",
  'not("a,b")',
  'in("say ""no""")',
  "over(5000)",
  "between(1,5)",
];

describe("evidence as text", () => {
  it.each(TEXTS)("%s is read and written the same", (text) => {
    const found = findingOf(text);
    expect(found).not.toBeNull();
    expect(found && textOf(found, false)).toBe(text);
  });

  it.each(["halved", "chances(a=0.3,b=0.7)", "under(5)"])("%s is read and written the same under do", (text) => {
    const found = settingOf(text);
    expect(found && textOf(found, true)).toBe(text);
  });

  it("splits at the first colon", () => {
    expect(split("a:b:c")).toEqual(["a", "b:c"]);
    expect(split(":b")).toBeNull();
    expect(split("a")).toBeNull();
  });

  it("takes a state that looks like a verb for a state, and says so", () => {
    const state = { verb: "is", state: "in(a)" } as const;
    expect(findingOf(textOf(state, false))).toEqual({ verb: "in", states: ["in(a)"] });
    expect(settingOf(textOf({ verb: "is", state: "chances(a)" }, true))).toEqual({
      verb: "chances",
      numbers: { "chances(a)": 1 },
    });
  });

  it.each(["in()", "not(a", "like(a)", "like(a=x)", "in(a=1)", 'not("a)'])("%s is none", (text) => {
    expect(findingOf(text)).toBeNull();
  });

  it("quotes what would end a state", () => {
    expect(quoted("plain")).toBe("plain");
    expect(quoted('a"b')).toBe('"a""b"');
    expect(quoted(" a")).toBe('" a"');
  });
});
