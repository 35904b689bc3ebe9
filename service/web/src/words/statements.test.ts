import { describe, expect, it } from "vitest";
import { modelOf, variable } from "../test/model";
import { statementInWords } from "./statements";

const model = modelOf([
  variable("is_finances", ["collapsed", "sustained"], { label: "Income", labels: { collapsed: "gone" } }),
  variable("is_media", ["none", "robust"], { label: "Media output" }),
]);

describe("a statement in words", () => {
  it("has labels for names", () => {
    expect(statementInWords(model, "is_finances", "typically: collapsed 0.28, sustained 0.1")).toBe(
      "typically: gone 0.28, sustained 0.1",
    );
  });

  it("takes states in braces from the variable before them", () => {
    expect(
      statementInWords(model, "is_media", "when {is_finances: [collapsed, sustained]}: none never, robust 1"),
    ).toBe("when “Income” is gone or sustained: none never, robust 1");
  });

  it("takes the ends of a range from the variable that acts", () => {
    expect(statementInWords(model, "is_media", "is_finances raises it by 10 dB from collapsed to sustained")).toBe(
      "“Income” raises it by 10 dB from gone to sustained",
    );
  });

  it("leaves what it does not know", () => {
    expect(statementInWords(model, "is_media", "{x} y is_finances2")).toBe("{x} y is_finances2");
  });
});
