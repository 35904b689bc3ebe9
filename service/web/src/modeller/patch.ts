/** A statement's lines in its file, and what an edit of them is as a patch. */

export interface Excerpt {
  /** The number of its first line, from 1. */
  readonly first: number;
  readonly lines: readonly string[];
}

const CONTEXT = 3;
const MOST = 16;

/** The lines of the statement that begins at `line`: what is indented under it, and beside a `p:` what else is said of it. */
export function excerptOf(text: string, line: number): Excerpt {
  const lines = linesOf(text);
  const begins = lines[line - 1] ?? "";
  const depth = indent(begins) + (/^\s*p\s*:/.test(begins) ? 0 : 1);
  let end = line;
  while (end < lines.length && end - line + 1 < MOST) {
    const next = lines[end] ?? "";
    if (next.trim() === "" || indent(next) < depth) break;
    end += 1;
  }
  return { first: line, lines: lines.slice(line - 1, end) };
}

/** The file with an excerpt's lines replaced; the ends of lines stay as they are in the file. */
export function edited(text: string, excerpt: Excerpt, typed: string): string {
  const lines = text.split("\n");
  const ending = (lines[excerpt.first - 1] ?? "").endsWith("\r") ? "\r" : "";
  const own = typed.split("\n").map((line) => line.replace(/\r$/, "") + ending);
  return [...lines.slice(0, excerpt.first - 1), ...own, ...lines.slice(excerpt.first - 1 + excerpt.lines.length)].join(
    "\n",
  );
}

/** What leads from one text to another as a unified diff with one hunk, empty where they are the same. */
export function unified(path: string, before: string, after: string): string {
  if (before === after) return "";
  const [old, own] = [withEnds(before), withEnds(after)];
  let head = 0;
  while (head < old.length && head < own.length && old[head] === own[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(old.length, own.length) - head && old.at(-1 - tail) === own.at(-1 - tail)) tail += 1;
  const from = Math.max(0, head - CONTEXT);
  const [oldEnd, ownEnd] = [old.length - tail, own.length - tail];
  const below = Math.min(CONTEXT, tail);
  const body = [
    ...marked(" ", old.slice(from, head)),
    ...marked("-", old.slice(head, oldEnd)),
    ...marked("+", own.slice(head, ownEnd)),
    ...marked(" ", old.slice(oldEnd, oldEnd + below)),
  ];
  const span = (count: number): string => `${count === 0 ? from : from + 1},${count}`;
  const header = `@@ -${span(oldEnd + below - from)} +${span(ownEnd + below - from)} @@\n`;
  return `--- a/${path}\n+++ b/${path}\n${header}${body.join("")}`;
}

/** The number of the line of `excerpt` that an edit changed first; null where it changed none. */
export function firstChanged(excerpt: Excerpt, typed: string): number | null {
  const own = typed.split("\n");
  const at = excerpt.lines.findIndex((line, i) => line !== own[i]);
  if (at >= 0) return excerpt.first + at;
  return own.length > excerpt.lines.length ? excerpt.first + excerpt.lines.length : null;
}

function linesOf(text: string): string[] {
  return text.split("\n").map((line) => line.replace(/\r$/, ""));
}

function indent(line: string): number {
  return line.length - line.trimStart().length;
}

/** Lines with their ends; what stands after the last end is a line without one. */
function withEnds(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function marked(sign: string, lines: readonly string[]): string[] {
  return lines.map((line) => (line.endsWith("\n") ? sign + line : `${sign}${line}\n\\ No newline at end of file\n`));
}
