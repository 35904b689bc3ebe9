/** What the API answers to the question of the moment: point numbers first, their intervals after. */
import { Refused, type Problem, Unreachable } from "../api/client";
import { query } from "../api/resources";
import { queryString, questionParameters } from "../question/address";
import type { Finding, Question } from "../question/question";
import { findingOfBody } from "../question/body";
import { type Model, isAnswered } from "./model";
import { KeyedStore, createStore, useKeyed } from "./store";

type QueryAnswer = Awaited<ReturnType<typeof query>>;
export type Row = QueryAnswer["targets"][number]["distribution"][number];

/** What answers in short have of a state. */
export type ShortRow = Pick<Row, "state" | "p" | "shift" | "effect">;

export interface Forecast {
  readonly target: string;
  readonly rows: readonly Row[];
  readonly hasIntervals: boolean;
}

type About = Omit<QueryAnswer, "targets" | "joint" | "most_probable">;

export interface Condition {
  /** Whether an answer to this question is here, on its way, refused, or the last one was and nobody answers now. */
  readonly phase: "none" | "asking" | "points" | "done" | "refused" | "unreachable";
  readonly problem: Problem | null;
  readonly about: About | null;
}

/** A headline: a target, and what it alone is given. */
export interface Headline {
  readonly name: string;
  readonly label: string;
  readonly target: string;
  readonly given: ReadonlyMap<string, Finding>;
}

export const forecasts = new KeyedStore<Forecast>();
export const condition = createStore<Condition>({ phase: "none", problem: null, about: null });

export function useForecast(key: string): Forecast | undefined {
  return useKeyed(forecasts, key);
}

/** Who wants to see which variable: every card that is mounted. */
const wanted = new Map<string, number>();
let changed: () => void = () => undefined;

export function want(target: string): () => void {
  wanted.set(target, (wanted.get(target) ?? 0) + 1);
  if (wanted.get(target) === 1) changed();
  return () => {
    const left = (wanted.get(target) ?? 1) - 1;
    if (left > 0) wanted.set(target, left);
    else wanted.delete(target);
  };
}

export function headlinesOf(model: Model): readonly Headline[] {
  return model.about.headlines.map((each) => ({
    name: each.name,
    label: each.label,
    target: each.target,
    given: new Map(Object.entries(each.given).map(([name, said]) => [name, findingOfBody(said)])),
  }));
}

/** What is asked together: targets under one question, each with the key that it is kept by. */
interface Batch {
  readonly question: Question;
  readonly keys: ReadonlyMap<string, string>;
}

/** The requests that answer a question: one for all that share its conditions, one for each headline with its own. */
export function batches(model: Model, question: Question, visible: Iterable<string>): Batch[] {
  const shared = new Map<string, string>();
  const own: Batch[] = [];
  for (const headline of headlinesOf(model)) {
    if (!isAnswered(model, headline.target, question.cohort)) continue;
    if (headline.given.size === 0) {
      shared.set(headline.target, headline.name);
      continue;
    }
    const given = new Map([...headline.given, ...question.given]);
    for (const name of question.do.keys()) if (headline.given.has(name)) given.delete(name);
    own.push({ question: { ...question, given }, keys: new Map([[headline.target, headline.name]]) });
  }
  for (const name of visible) {
    if (model.variables.has(name) && isAnswered(model, name, question.cohort)) shared.set(name, name);
  }
  return shared.size > 0 ? [{ question, keys: shared }, ...own] : own;
}

let running: AbortController | null = null;

/** Keep the store true to a model and a question until another call. */
export function follow(model: Model, question: Question): void {
  changed = () => void later(() => run(model, question));
  run(model, question);
}

let timer: ReturnType<typeof setTimeout> | undefined;

/** Several cards that appear together ask once. */
function later(work: () => void): void {
  clearTimeout(timer);
  timer = setTimeout(work, 0);
}

function run(model: Model, question: Question): void {
  running?.abort();
  clearTimeout(timer);
  const controller = new AbortController();
  running = controller;
  void answered(model, question, controller.signal);
}

async function answered(model: Model, question: Question, signal: AbortSignal): Promise<void> {
  const before = condition.get();
  condition.set({ ...before, phase: "asking", problem: null });
  const asked = batches(model, question, wanted.keys());
  try {
    const about = await each(model, asked, "none", signal);
    condition.set({ phase: "points", problem: null, about });
    const sure = await each(model, asked, 0.9, signal);
    condition.set({ phase: "done", problem: null, about: sure });
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof Refused) condition.set({ ...condition.get(), phase: "refused", problem: error.problem });
    else if (error instanceof Unreachable) condition.set({ ...condition.get(), phase: "unreachable" });
    else throw error;
  }
}

/** Ask every batch in the same way, keep what comes, and give what the first says of itself. */
async function each(
  model: Model,
  asked: readonly Batch[],
  interval: "none" | 0.9,
  signal: AbortSignal,
): Promise<About | null> {
  const found = await Promise.all(
    asked.map(async (batch) => {
      const answer = await query(model.name, batch.question, { targets: [...batch.keys.keys()], interval }, signal);
      keep(answer, batch.keys, interval !== "none");
      return answer;
    }),
  );
  return found[0] ?? null;
}

function keep(answer: QueryAnswer, keys: ReadonlyMap<string, string>, hasIntervals: boolean): void {
  for (const { target, distribution } of answer.targets) {
    const next: Forecast = { target, rows: distribution, hasIntervals };
    const key = keys.get(target) ?? target;
    const last = forecasts.get(key);
    if (last === undefined || !isSame(last, next)) forecasts.set(key, next);
  }
}

/** Whether two forecasts show the same numbers: then nothing is repainted. */
export function isSame(one: Forecast, other: Forecast): boolean {
  return (
    one.hasIntervals === other.hasIntervals &&
    one.rows.length === other.rows.length &&
    one.rows.every((row, i) => JSON.stringify(row) === JSON.stringify(other.rows[i]))
  );
}

/** A key by which questions are the same or not. */
export function questionKey(model: string, question: Question): string {
  return `${model}?${queryString(questionParameters(question))}`;
}
