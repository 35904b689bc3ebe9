/** Evidence as written in addresses and on the command line: `is_finances:not(sustained)`. */
import type { Finding, Numbers, Setting } from "./question";

const FINDING_VERBS = ["in", "not", "like", "assumed", "over", "under", "between"];
const DO_VERBS = ["chances", "over", "under", "between"];
const RANGE = /^(over|under|between)\(/;
const NEEDS_QUOTES = /[,()="]|^\s|\s$/;
const ITEM = /\s*(?:"((?:[^"]|"")*)"\s*|([^,()="]+))(?:=([^,()="]+))?(,|$)/y;

/** A statement's name and the text after its first colon; null where there is none. */
export function split(text: string): readonly [string, string] | null {
  const colon = text.indexOf(":");
  return colon > 0 && colon < text.length - 1 ? [text.slice(0, colon), text.slice(colon + 1)] : null;
}

/** A finding from the text after the colon; null for what is none. */
export function findingOf(text: string): Finding | null {
  const [verb, inside] = call(text, FINDING_VERBS);
  if (verb === null) return { verb: "is", state: text };
  if (RANGE.test(text)) return { verb: "range", text };
  const items = inside === null ? null : itemsOf(inside);
  if (items === null) return null;
  if (verb === "in" || verb === "not") {
    return items.every(([, number]) => number === null) ? { verb, states: items.map(([state]) => state) } : null;
  }
  const numbers = numbersOf(items);
  return numbers && { verb: verb as "like" | "assumed", numbers };
}

/** A setting from the text after the colon; null for what is none. */
export function settingOf(text: string): Setting | null {
  const [verb, inside] = call(text, DO_VERBS);
  if (verb === null) return { verb: "is", state: text };
  if (RANGE.test(text)) return { verb: "range", text };
  const items = inside === null ? null : itemsOf(inside);
  const numbers = items && numbersOf(items);
  return numbers && { verb: "chances", numbers };
}

/** The text after the colon that means this. */
export function textOf(said: Finding | Setting, doing: boolean): string {
  switch (said.verb) {
    case "is": {
      const [verb] = call(said.state, doing ? DO_VERBS : FINDING_VERBS);
      if (verb === null) return said.state;
      return doing ? `chances(${quoted(said.state)}=1)` : `in(${quoted(said.state)})`;
    }
    case "in":
    case "not":
      return `${said.verb}(${said.states.map(quoted).join(",")})`;
    case "range":
      return said.text;
    default: {
      const pairs = Object.entries(said.numbers).map(([state, number]) => `${quoted(state)}=${number}`);
      return `${said.verb}(${pairs.join(",")})`;
    }
  }
}

/** A state inside a verb: in double quotes where it holds what would end it. */
export function quoted(state: string): string {
  return NEEDS_QUOTES.test(state) ? `"${state.replaceAll('"', '""')}"` : state;
}

export function call(text: string, verbs: readonly string[]): readonly [string | null, string | null] {
  const open = text.indexOf("(");
  const verb = text.slice(0, open);
  if (open < 1 || !verbs.includes(verb)) return [null, null];
  return [verb, text.endsWith(")") ? text.slice(open + 1, -1) : null];
}

type Item = readonly [string, number | null];

function itemsOf(inside: string): readonly Item[] | null {
  const found: Item[] = [];
  ITEM.lastIndex = 0;
  while (ITEM.lastIndex < inside.length) {
    const match = ITEM.exec(inside);
    if (match === null) return null;
    const state = match[1] !== undefined ? match[1].replaceAll('""', '"') : (match[2] ?? "").trim();
    found.push([state, match[3] === undefined ? null : Number(match[3])]);
    if (match[4] === "") break;
  }
  return found.length > 0 ? found : null;
}

function numbersOf(items: readonly Item[]): Numbers | null {
  const numbers: Record<string, number> = {};
  for (const [state, number] of items) {
    if (number === null || !Number.isFinite(number)) return null;
    numbers[state] = number;
  }
  return numbers;
}
