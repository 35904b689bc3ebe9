/** At which value of a prior number the lead changes, in words. */

export interface BreakEven {
  readonly values: readonly number[];
  readonly never: boolean;
}

/** The nearest value that tips it, from where the number stands. */
export function breakEven(value: number, found: BreakEven): string {
  if (found.never || found.values.length === 0) return "never tips it";
  const nearest = found.values.reduce((best, each) => (Math.abs(best - value) <= Math.abs(each - value) ? best : each));
  return `tips it at ${nearest.toFixed(3)} (now ${value.toFixed(3)})`;
}
