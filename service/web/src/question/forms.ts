/** One question in every form in which it can be asked elsewhere: an address, curl, the command line, Python. */
import { NOWHERE, addressOf, queryString, questionParameters } from "./address";
import { bodyOf } from "./body";
import type { Finding, Numbers, Question, Setting } from "./question";

/** Characters of an address that the service takes. */
const LONGEST = 8000;

export interface Asked {
  readonly model: string;
  readonly targets: readonly string[];
  readonly question: Question;
}

/** Path and query of the API's answer. */
export function apiPath({ model, targets, question }: Asked): string {
  const path = `v1/models/${encodeURIComponent(model)}`;
  const [only] = targets;
  const parameters = questionParameters(question);
  if (targets.length === 1 && only !== undefined) {
    return withQuery(`${path}/forecast/${encodeURIComponent(only)}.json`, parameters);
  }
  return withQuery(`${path}/query.json`, [...targets.map((name): [string, string] => ["target", name]), ...parameters]);
}

/** Path and query of the brief of an event, a page of text. */
export function briefPath(
  model: string,
  question: Question,
  event: { readonly target: string; readonly state: string },
): string {
  const about: [string, string][] = [
    ["target", event.target],
    ["state", event.state],
  ];
  return withQuery(`v1/models/${encodeURIComponent(model)}/brief.txt`, [...about, ...questionParameters(question)]);
}

/** A frame for another page with one chart; only pages that the service lists may hold it. */
export function frame({ model, targets, question }: Asked, base: string): string {
  const place = { ...NOWHERE, model, target: targets[0] ?? null, question };
  const address = `${base}embed${addressOf(place)}`.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  return `<iframe src="${address}" width="560" height="300" title="Forecast"></iframe>`;
}

/** Whether the question has room in an address of the API. */
export function fits(asked: Asked, base: string): boolean {
  return (base + apiPath(asked)).length <= LONGEST;
}

/** A command for a shell that fetches the answer, long questions by a body; -g keeps curl from reading brackets. */
export function curl(asked: Asked, base: string): string {
  if (fits(asked, base)) return `curl -g ${shell(base + apiPath(asked))}`;
  const body = JSON.stringify({ targets: asked.targets, ...bodyOf(asked.question) });
  const address = `${base}v1/models/${encodeURIComponent(asked.model)}/query`;
  return `curl ${shell(address)} -H 'Content-Type: application/json' -d ${shell(body)}`;
}

/** The same on the command line. */
export function commandLine({ model, targets, question }: Asked): string {
  const options = questionParameters(question).map(([name, value]) => `--${name} ${shell(value)}`);
  return ["aftermath ask", shell(model), ...targets.map(shell), ...options].join(" ");
}

/** The same in Python, with its imports. */
export function python({ model, targets, question }: Asked): string {
  const verbs = new Set<string>();
  const given = [...question.given].map(([name, said]) => `${literal(name)}: ${inPython(said, false, verbs)}`);
  const done = [...question.do].map(([name, said]) => `${literal(name)}: ${inPython(said, true, verbs)}`);
  const parts = [`(${targets.map((name) => `${literal(name)},`).join(" ")})`];
  if (given.length > 0) parts.push(`{${given.join(", ")}}`);
  if (done.length > 0) parts.push(`settings={${done.join(", ")}}`);
  if (question.scenario !== null) parts.push(`scenario=${literal(question.scenario)}`);
  if (question.cohort !== null) parts.push(`cohort=${literal(question.cohort)}`);
  parts.push("interval=0.9");
  const imports = verbs.size > 0 ? [`from model.evidence import ${[...verbs].sort().join(", ")}`] : [];
  return [
    "from pathlib import Path",
    "",
    ...imports,
    "from model.forecast import answer, prepare",
    "from model.priors import load",
    "from model.question import Question",
    "",
    `forecaster = prepare(load(Path(${literal(`priors/${model}`)})))`,
    `found = answer(forecaster, Question(${parts.join(", ")}))`,
    "for target in found.targets:",
    "    for row in target.distribution:",
    "        print(target.target, row.state, row.p)",
  ].join("\n");
}

function inPython(said: Finding | Setting, doing: boolean, verbs: Set<string>): string {
  const call = (verb: string, argument: string): string => {
    verbs.add(verb);
    return `${verb}(${argument})`;
  };
  switch (said.verb) {
    case "is":
      return call(doing ? "SetTo" : "Observed", literal(said.state));
    case "in":
      return call("OneOf", tuple(said.states));
    case "not":
      return call("RuledOut", tuple(said.states));
    case "like":
      return call("Reported", dictionary(said.numbers));
    case "assumed":
      return call("Assumed", dictionary(said.numbers));
    case "chances":
      return call("SetChances", dictionary(said.numbers));
    case "range": {
      const [low, high] = bounds(said.text);
      return call("Within", `low=${low}, high=${high}`);
    }
  }
}

function bounds(text: string): readonly [string, string] {
  const numbers = text.slice(text.indexOf("(") + 1, -1).split(",");
  if (text.startsWith("over")) return [numbers[0] ?? "", 'float("inf")'];
  if (text.startsWith("under")) return ['float("-inf")', numbers[0] ?? ""];
  return [numbers[0] ?? "", numbers[1] ?? ""];
}

function tuple(states: readonly string[]): string {
  return `(${states.map((state) => `${literal(state)},`).join(" ")})`;
}

function dictionary(numbers: Numbers): string {
  return `{${Object.entries(numbers)
    .map(([state, number]) => `${literal(state)}: ${number}`)
    .join(", ")}}`;
}

/** Text as Python writes it: JSON's escapes are Python's too. */
function literal(text: string): string {
  return JSON.stringify(text);
}

/** Text as one word of a POSIX shell. */
export function shell(text: string): string {
  return /^[\w./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function withQuery(path: string, parameters: readonly (readonly [string, string])[]): string {
  return parameters.length > 0 ? `${path}?${queryString(parameters)}` : path;
}
