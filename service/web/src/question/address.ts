/** The state of the page as an address, and back: what is asked, what is looked at. */
import { EMPTY, type Finding, type Question, type Setting } from "./question";
import { findingOf, settingOf, split, textOf } from "./syntax";

export const VIEWS = ["overview", "network", "why", "next", "compare", "variables"] as const;
export type View = (typeof VIEWS)[number];

export interface Place {
  readonly model: string | null;
  readonly view: View;
  readonly question: Question;
  /** The variable whose panel is open. */
  readonly focus: string | null;
  /** The event that analyses are about. */
  readonly target: string | null;
  readonly state: string | null;
  /** Questions held beside this one, each as a query string. */
  readonly sides: readonly string[];
  /** Variables of a trail that the network shows, from a finding to the event. */
  readonly via: readonly string[];
  /** What of a view is open: a tab or a way of looking. */
  readonly tab: string | null;
  /** An answer that was kept, whose question is to be asked: what a short link names. */
  readonly answer: string | null;
  /** What the address says of the question and nobody can read: it is left out, and the reader is told. */
  readonly unread: readonly string[];
}

export const NOWHERE: Place = {
  model: null,
  view: "overview",
  question: EMPTY,
  focus: null,
  target: null,
  state: null,
  sides: [],
  via: [],
  tab: null,
  answer: null,
  unread: [],
};

/** The place after a change; a trail is left where the reader looks at something else. */
export function moved(from: Place, change: Partial<Place>): Place {
  const isElsewhere = "focus" in change || "view" in change || "model" in change;
  return { ...from, unread: [], ...(isElsewhere ? { via: [] } : {}), ...change };
}

const LONGEST_SEARCH = 7000;

/** A place from the query string of an address; what cannot be read is left out and told. */
export function placeOf(search: string): Place {
  const found = new URLSearchParams(search);
  const view = found.get("view");
  return {
    model: found.get("model"),
    view: VIEWS.find((each) => each === view) ?? "overview",
    question: questionOf(found),
    focus: found.get("focus"),
    target: found.get("target"),
    state: found.get("state"),
    sides: found.getAll("side"),
    via: found.getAll("via"),
    tab: found.get("tab"),
    answer: found.get("answer"),
    unread: unreadIn(found),
  };
}

/** The query string of a place, with its question mark; empty for the start. */
export function searchOf(place: Place): string {
  const parameters: [string, string][] = [];
  if (place.model !== null) parameters.push(["model", place.model]);
  if (place.view !== "overview") parameters.push(["view", place.view]);
  for (const name of ["answer", "tab", "focus", "target", "state"] as const) {
    const value = place[name];
    if (value !== null) parameters.push([name, value]);
  }
  parameters.push(...questionParameters(place.question));
  parameters.push(...place.via.map((name): [string, string] => ["via", name]));
  parameters.push(...place.sides.map((side): [string, string] => ["side", side]));
  return parameters.length > 0 ? `?${queryString(parameters)}` : "";
}

/** The end of the address of a place: as a fragment, which no server sees, where it is longer than one takes. */
export function addressOf(place: Place): string {
  const search = searchOf(place);
  return search.length > LONGEST_SEARCH ? `#${search}` : search;
}

/** The query string of a place from an address. */
export function searchIn({ search, hash }: Pick<Location, "search" | "hash">): string {
  return hash.startsWith("#?") ? hash.slice(1) : search;
}

/** A question from parameters as the API has them. */
export function questionOf(found: URLSearchParams): Question {
  const given = new Map<string, Finding>();
  for (const text of found.getAll("given")) {
    const [name, said] = split(text) ?? [];
    const finding = said === undefined ? null : findingOf(said);
    if (name !== undefined && finding !== null) given.set(name, finding);
  }
  const done = new Map<string, Setting>();
  for (const text of found.getAll("do")) {
    const [name, said] = split(text) ?? [];
    const setting = said === undefined ? null : settingOf(said);
    if (name !== undefined && setting !== null) done.set(name, setting);
  }
  return { given, do: done, scenario: found.get("scenario"), cohort: found.get("cohort") };
}

/** Statements that mean nothing, or that a later one of the same variable takes the place of. */
function unreadIn(found: URLSearchParams): string[] {
  return (["given", "do"] as const).flatMap((kind) => {
    const said = found.getAll(kind);
    const isRead = (text: string, i: number): boolean => {
      const [name, meant] = split(text) ?? [];
      if (meant === undefined || (kind === "given" ? findingOf(meant) : settingOf(meant)) === null) return false;
      return !said.slice(i + 1).some((other) => split(other)?.[0] === name);
    };
    return said.filter((text, i) => !isRead(text, i)).map((text) => `${kind}=${text}`);
  });
}

/** The parameters of a question, as the API has them. */
export function questionParameters(question: Question): [string, string][] {
  const parameters: [string, string][] = [];
  for (const [name, said] of question.given) parameters.push(["given", `${name}:${textOf(said, false)}`]);
  for (const [name, said] of question.do) parameters.push(["do", `${name}:${textOf(said, true)}`]);
  if (question.scenario !== null) parameters.push(["scenario", question.scenario]);
  if (question.cohort !== null) parameters.push(["cohort", question.cohort]);
  return parameters;
}

/** Parameters as a query string in which evidence stays readable. */
export function queryString(parameters: readonly (readonly [string, string])[]): string {
  return parameters.map(([name, value]) => `${name}=${readable(value)}`).join("&");
}

function readable(value: string): string {
  return encodeURIComponent(value).replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%3D", "=");
}
