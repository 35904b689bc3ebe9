import { describe, expect, it } from "vitest";
import { apart, changesOf, seriesOf } from "./history";

const row = (time: string, series: string, p: number, revision: string) => ({
  time,
  series,
  p,
  lo: null,
  hi: null,
  revision,
  left_interval: null,
});
const ROWS = [
  row("2026-02-01", "yes", 0.3, "r-2"),
  row("2026-02-01", "no", 0.7, "r-2"),
  row("2026-01-01", "yes", 0.2, "r-1"),
  row("2026-01-01", "no", 0.8, "r-1"),
];

describe("a history", () => {
  it("is a series for each state, from the oldest on", () => {
    expect(seriesOf(ROWS).map(({ state, moments }) => [state, moments.map(({ p }) => p)])).toEqual([
      ["yes", [0.2, 0.3]],
      ["no", [0.8, 0.7]],
    ]);
  });

  it("keeps labels apart and in order", () => {
    expect(apart([100, 50, 98], 14)).toEqual([106, 50, 92]);
    expect(apart([10, 40], 14)).toEqual([10, 40]);
  });

  it("names each revision with when it began", () => {
    expect(changesOf(ROWS)).toEqual([
      { time: "2026-01-01", revision: "r-1" },
      { time: "2026-02-01", revision: "r-2" },
    ]);
  });
});
