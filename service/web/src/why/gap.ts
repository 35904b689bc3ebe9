import { points } from "../words/numbers";

/** How far seeing lies above or below doing. */
export function gapInWords(gap: number): string {
  if (Math.abs(gap) < 0.00005) return "no gap";
  return `seen ${points(Math.abs(gap)).replace("+", "")} ${gap > 0 ? "higher" : "lower"}`;
}
