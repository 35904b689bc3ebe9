/** At which value of a prior number the lead changes, in words. */

export interface BreakEven {
  readonly values: readonly number[];
  readonly never: boolean;
}

/** Whether any value of the number tips it. */
export function tips({ never, values }: BreakEven): boolean {
  return !never && values.length > 0;
}

/** The nearest value that tips it, from where the number stands. */
export function breakEven(value: number, found: BreakEven): string {
  if (!tips(found)) return "never tips it";
  const nearest = found.values.reduce((best, each) => (Math.abs(best - value) <= Math.abs(each - value) ? best : each));
  return `tips it at ${nearest.toFixed(3)} (now ${value.toFixed(3)})`;
}
