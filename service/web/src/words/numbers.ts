/** Numbers as people read them: chances in percent, differences in points. */

const SPACE = "\u00a0";
const MINUS = "\u2212";

/** A chance in percent: whole from 10 % on, tenths below; never 0 % or 100 % for what is neither. */
export function percent(p: number): string {
  if (p <= 0) return `0${SPACE}%`;
  if (p >= 1) return `100${SPACE}%`;
  if (p < 0.0005) return `<${SPACE}0.1${SPACE}%`;
  if (p > 0.9995) return `>${SPACE}99.9${SPACE}%`;
  const whole = p >= 0.0995 && p < 0.9905;
  return `${(100 * p).toFixed(whole ? 0 : 1)}${SPACE}%`;
}

/** An interval of chances, its unit said once. */
export function percentRange(low: number, high: number): string {
  const [from, to] = [percent(low), percent(high)];
  if (from === to) return to;
  return `${from.replace(`${SPACE}%`, "")} to ${to}`;
}

/** A difference of chances in points, signed: hundredths where it is less than one. */
export function points(difference: number): string {
  const size = Math.abs(100 * difference);
  const said = size.toFixed(size < 0.95 ? 2 : 1);
  if (said === "0.00") return `0.0${SPACE}points`;
  return `${difference < 0 ? MINUS : "+"}${said}${SPACE}points`;
}

/** An interval of differences, its unit left to the number that it belongs to; an end that rounds to nothing is said so. */
export function pointsRange(low: number, high: number): string {
  return `${signed(low)} to ${signed(high)}`;
}

function signed(difference: number): string {
  const said = points(difference).replace(`${SPACE}points`, "");
  if (said !== "0.0" || difference === 0) return said === "0.0" ? "0" : said;
  return difference < 0 ? "just below 0" : "just above 0";
}

/** A mark of an axis of differences, in points: the unit is said below the chart. */
export function pointsTick(difference: number): string {
  const size = +Math.abs(100 * difference).toFixed(2);
  return size === 0 ? "0" : `${difference < 0 ? MINUS : "+"}${size}`;
}

/** Whether an interval of a difference holds nothing. */
export function perhapsNothing(low: number, high: number): boolean {
  return low <= 0 && high >= 0;
}

export interface ProbabilityWord {
  readonly word: string;
  readonly at_least: number;
}

/** What a probability is called, by the scale that the API gives, from the least up. */
export function inWords(p: number, scale: readonly ProbabilityWord[]): string {
  let found = "";
  for (const each of scale) if (p >= each.at_least) found = each.word;
  return found;
}

/** A name in words, where it has no label. */
export function spoken(name: string): string {
  return name.replaceAll("_", " ");
}

/** The first letter large, as labels begin. */
export function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase("en") + text.slice(1);
}
