/** A distribution as an SVG file of its own, to be kept or put into a document: drawn from the same bars as on the page. */
import { percent, percentRange } from "../words/numbers";
import type { Bar } from "./StateBars";

const WIDTH = 640;
const LEFT = 210;
const TRACK = 250;
const LINE = 28;
const HEAD = 44;
const FOOT = 34;

/** The file's text. `note` says under which question, `source` where the numbers are from. */
export function standaloneBars(title: string, bars: readonly Bar[], note: string, source: string): string {
  const height = HEAD + bars.length * LINE + FOOT;
  const rows = bars.map((bar, i) => row(bar, HEAD + i * LINE)).join("");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="8" y="18" font-size="15" font-weight="bold" fill="#17202a">${escaped(title)}</text>`,
    `<text x="8" y="35" font-size="11" fill="#4c5966">${escaped(cut(note, 104))}</text>`,
    rows,
    `<text x="8" y="${height - 10}" font-size="10" fill="#4c5966">${escaped(cut(source, 116))}</text>`,
    "</svg>\n",
  ].join("\n");
}

function row(bar: Bar, top: number): string {
  const at = (p: number): string => (LEFT + TRACK * p).toFixed(1);
  const parts = [
    `<text x="8" y="${top + 16}" fill="#17202a">${escaped(cut(bar.label, 30))}</text>`,
    `<rect x="${LEFT}" y="${top + 5}" width="${TRACK}" height="14" fill="#e6ebf0"/>`,
    `<rect x="${LEFT}" y="${top + 5}" width="${(TRACK * bar.p).toFixed(1)}" height="14" fill="#5b7f9e"/>`,
  ];
  if (bar.low !== null && bar.high !== null && bar.high > bar.low) {
    parts.push(
      `<path d="M${at(bar.low)},${top + 12}H${at(bar.high)}M${at(bar.low)},${top + 8}v8M${at(bar.high)},${top + 8}v8" stroke="#17202a" fill="none"/>`,
    );
  }
  if (bar.tick !== null) parts.push(`<path d="M${at(bar.tick)},${top + 2}v20" stroke="#b34a00" stroke-width="2"/>`);
  const range = bar.low !== null && bar.high !== null ? ` (${percentRange(bar.low, bar.high)})` : "";
  parts.push(`<text x="${LEFT + TRACK + 12}" y="${top + 16}" fill="#17202a">${escaped(percent(bar.p) + range)}</text>`);
  return `<g>${parts.join("")}</g>\n`;
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** Text that is never markup. */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
