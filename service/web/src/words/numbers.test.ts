import { describe, expect, it } from "vitest";
import { inWords, percent, percentRange, perhapsNothing, points, pointsRange, pointsTick } from "./numbers";

const plain = (text: string): string => text.replaceAll("\u00a0", " ");

describe("numbers", () => {
  it.each([
    [0, "0 %"],
    [0.0001, "< 0.1 %"],
    [0.005, "0.5 %"],
    [0.0994, "9.9 %"],
    [0.0996, "10 %"],
    [0.507, "51 %"],
    [0.992, "99.2 %"],
    [0.9999, "> 99.9 %"],
    [1, "100 %"],
  ])("%d is %s", (p, said) => expect(plain(percent(p))).toBe(said));

  it("never rounds a chance to one that it is not", () => {
    for (let p = 0.0005; p < 1; p += 0.0007) expect(["0 %", "100 %", "100.0 %"]).not.toContain(plain(percent(p)));
  });

  it("says units once in a range", () => {
    expect(plain(percentRange(0.35, 0.65))).toBe("35 to 65 %");
    expect(plain(percentRange(0.99991, 0.99999))).toBe("> 99.9 %");
    expect(plain(pointsRange(-0.05, 0.228))).toBe("−5.0 to +22.8");
    expect(plain(pointsRange(-0.0016, -0.00001))).toBe("−0.16 to just below 0");
    expect(plain(pointsRange(0.00001, 0))).toBe("just above 0 to 0");
  });

  it("marks an axis of differences", () => {
    expect([-0.005, 0, 0.01].map(pointsTick)).toEqual(["−0.5", "0", "+1"]);
  });

  it("says differences in points, signed", () => {
    expect(plain(points(0.0838))).toBe("+8.4 points");
    expect(plain(points(-0.0838))).toBe("−8.4 points");
    expect(plain(points(-0.0005))).toBe("−0.05 points");
    expect(plain(points(0.00001))).toBe("0.0 points");
  });

  it("knows an interval that holds nothing", () => {
    expect(perhapsNothing(-0.1, 0.2)).toBe(true);
    expect(perhapsNothing(0.1, 0.2)).toBe(false);
  });

  it("names a probability by the scale that it is given; an edge belongs to the word above", () => {
    const scale = [
      { word: "no", at_least: 0 },
      { word: "maybe", at_least: 0.4 },
      { word: "yes", at_least: 0.6 },
    ];
    expect([0, 0.39, 0.4, 0.6, 1].map((p) => inWords(p, scale))).toEqual(["no", "no", "maybe", "yes", "yes"]);
  });
});
