/** Every address of the API that the page asks, as a function. */
import type { Question } from "../question/question";
import { queryString, questionParameters } from "../question/address";
import { type BodySaid, bodyOf } from "../question/body";
import { textOf } from "../question/syntax";
import { type Schemas, api, data, parametersOf } from "./client";

/** Characters of parameters that an address has room for: the service takes 8,000 of all of it. */
const ROOM = 7000;

interface Case {
  given: string[];
  do: string[];
  scenario?: string;
  cohort?: string;
}

/** A question as parameters of an address. */
export function caseOf(question: Question): Case {
  return {
    given: [...question.given].map(([name, said]) => `${name}:${textOf(said, false)}`),
    do: [...question.do].map(([name, said]) => `${name}:${textOf(said, true)}`),
    ...(question.scenario === null ? {} : { scenario: question.scenario }),
    ...(question.cohort === null ? {} : { cohort: question.cohort }),
  };
}

export const getModels = (signal: AbortSignal) => data(api.GET("/v1/models.json", { signal }));

export const getModel = (model: string, signal: AbortSignal) =>
  data(api.GET("/v1/models/{model}.json", { params: { path: { model } }, signal }));

export const getVariables = (model: string, signal: AbortSignal) =>
  data(api.GET("/v1/models/{model}/variables.json", { params: { path: { model } }, signal }));

export const getVariable = (model: string, variable: string, signal: AbortSignal) =>
  data(api.GET("/v1/models/{model}/variables/{variable}.json", { params: { path: { model, variable } }, signal }));

export const getGraph = (model: string, signal: AbortSignal) =>
  data(
    api.GET("/v1/models/{model}/graph.json", {
      params: { path: { model }, query: { fields: "arcs" } },
      signal,
    }),
  );

export const getScenarios = (model: string, signal: AbortSignal) =>
  data(api.GET("/v1/models/{model}/scenarios.json", { params: { path: { model } }, signal }));

export const getCohorts = (model: string, signal: AbortSignal) =>
  data(api.GET("/v1/models/{model}/cohorts.json", { params: { path: { model } }, signal }));

export interface Wanted {
  readonly targets?: readonly string[];
  readonly joint?: readonly string[];
  readonly interval: "none" | 0.9;
}

export const query = (model: string, question: Question, wanted: Wanted, signal: AbortSignal) => {
  const target = [...(wanted.targets ?? [])];
  const joint = [...(wanted.joint ?? [])];
  const parameters = { ...caseOf(question), target, joint, interval: wanted.interval, sources: "none" as const };
  if (isLong(parameters)) return queryInFull(model, question, wanted, signal);
  return data(api.GET("/v1/models/{model}/query.json", { params: { path: { model }, query: parameters }, signal }));
};

/** The same by a body, which has room for any question; no targets are all. */
const queryInFull = (model: string, question: Question, wanted: Wanted, signal: AbortSignal) =>
  data(
    api.POST("/v1/models/{model}/query", {
      params: { path: { model } },
      body: {
        ...bodyOf(question),
        targets: [...(wanted.targets ?? [])],
        joint: (wanted.joint ?? []).map((each) => each.split(",")),
        interval: wanted.interval,
      } as Schemas["AskedInFull"],
      signal,
    }),
  );

function isLong(parameters: Readonly<Record<string, unknown>>): boolean {
  return queryString(parametersOf(parameters)).length > ROOM;
}

export const marginals = async (model: string, question: Question, signal: AbortSignal) => {
  const parameters = { ...caseOf(question), interval: "none" as const };
  if (isLong(parameters)) return queryInFull(model, question, { interval: "none" }, signal);
  return data(api.GET("/v1/models/{model}/marginals.json", { params: { path: { model }, query: parameters }, signal }));
};

export interface EventAsked {
  readonly target: string;
  readonly state: string;
}

export const explanation = (model: string, question: Question, event: EventAsked, signal: AbortSignal) =>
  data(
    api.GET("/v1/models/{model}/explanation.json", {
      params: { path: { model }, query: { ...caseOf(question), ...event } },
      signal,
    }),
  );

export const attribution = (model: string, question: Question, event: EventAsked, signal: AbortSignal) =>
  data(
    api.GET("/v1/models/{model}/attribution.json", {
      params: { path: { model }, query: { ...caseOf(question), ...event } },
      signal,
    }),
  );

export const sensitivity = (
  model: string,
  question: Question,
  event: EventAsked,
  threshold: number | null,
  signal: AbortSignal,
) =>
  data(
    api.GET("/v1/models/{model}/sensitivity.json", {
      params: {
        path: { model },
        query: { ...caseOf(question), ...event, ...(threshold === null ? {} : { threshold }) },
      },
      signal,
    }),
  );

export const causeEffect = (
  model: string,
  question: Question,
  asked: { readonly cause: string; readonly effect: string; readonly state: string },
  signal: AbortSignal,
) =>
  data(
    api.GET("/v1/models/{model}/cause-effect.json", {
      params: { path: { model }, query: { ...caseOf(question), ...asked } },
      signal,
    }),
  );

export const collectionPlan = (
  model: string,
  question: Question,
  event: EventAsked,
  steps: number,
  signal: AbortSignal,
) =>
  data(
    api.GET("/v1/models/{model}/collection-plan.json", {
      params: { path: { model }, query: { ...caseOf(question), ...event, steps } },
      signal,
    }),
  );

export const goals = (
  model: string,
  question: Question,
  event: EventAsked,
  bound: { readonly below: number } | { readonly above: number },
  signal: AbortSignal,
) =>
  data(
    api.GET("/v1/models/{model}/goals.json", {
      params: { path: { model }, query: { ...caseOf(question), ...event, ...bound } },
      signal,
    }),
  );

export const policies = (model: string, question: Question, event: EventAsked, signal: AbortSignal) =>
  data(
    api.GET("/v1/models/{model}/policies.json", {
      params: { path: { model }, query: { ...caseOf(question), ...event } },
      signal,
    }),
  );

/** Questions held against the first of them; each says its picture. */
export const compare = (
  model: string,
  targets: readonly string[],
  questions: readonly Question[],
  signal: AbortSignal,
) => {
  const parameters = { target: [...targets], side: questions.map((each) => queryString(questionParameters(each))) };
  if (!isLong(parameters)) {
    return data(api.GET("/v1/models/{model}/compare.json", { params: { path: { model }, query: parameters }, signal }));
  }
  const body = { targets: parameters.target, sides: questions.map(bodyOf) } as Schemas["ComparedInFull"];
  return data(api.POST("/v1/models/{model}/compare", { params: { path: { model } }, body, signal }));
};

export const getSources = (model: string, signal: AbortSignal) =>
  data(api.GET("/v1/models/{model}/sources.json", { params: { path: { model } }, signal }));

export const getRevisions = (model: string, signal: AbortSignal) =>
  data(api.GET("/v1/models/{model}/revisions.json", { params: { path: { model } }, signal }));

export const getDiff = (model: string, between: string, signal: AbortSignal) =>
  data(api.GET("/v1/models/{model}/diff/{between}.json", { params: { path: { model, between } }, signal }));

export const getHistory = (model: string, target: string, question: Question, signal: AbortSignal) =>
  data(
    api.GET("/v1/models/{model}/history/{target}.json", {
      params: { path: { model, target }, query: caseOf(question) },
      signal,
    }),
  );

/** A prior file of a revision, as it is written. */
export const getFile = (model: string, revision: string, file: string, signal: AbortSignal) =>
  data(
    api.GET("/v1/models/{model}/revisions/{revision}/files/{file}", {
      params: { path: { model, revision, file } },
      parseAs: "text",
      signal,
    }),
  );

export interface Tried {
  /** Texts by the names of files, laid over those of the revision `against`. */
  readonly files: Readonly<Record<string, string>>;
  readonly against: string;
  readonly scenarios: readonly string[];
  readonly interval: "none" | 0.9;
}

/** What files would do to the headlines, or what is wrong with them; nothing is changed. */
export const validate = (model: string, tried: Tried, signal: AbortSignal) =>
  data(
    api.POST("/v1/models/{model}/validate", {
      params: { path: { model } },
      body: { ...tried, scenarios: [...tried.scenarios] },
      signal,
    }),
  );

export const getQuestions = (model: string, signal: AbortSignal) =>
  data(api.GET("/v1/models/{model}/questions.json", { params: { path: { model } }, signal }));

/** Give a question a name, or take it away where it is null; `version` is the one that is there, null where none is. */
export const nameQuestion = (
  model: string,
  name: string,
  said: { readonly question: string | null; readonly label: string },
  version: number | null,
) =>
  data(
    api.PUT("/v1/models/{model}/questions/{name}", {
      params: { path: { model, name } },
      body: said,
      headers: version === null ? { "If-None-Match": "*" } : { "If-Match": `"${version}"` },
    }),
  );

/** Keep a forecast for ever under a permalink. */
export const keepAnswer = (model: string, question: Question, target: string) =>
  data(
    api.POST("/v1/answers", {
      body: { model, kind: "query", revision: null, targets: [target], ...bodyOf(question) },
    }),
  );

/** Keep a comparison of questions. */
export const keepComparison = (model: string, questions: readonly Question[], targets: readonly string[]) =>
  data(
    api.POST("/v1/answers", {
      body: { model, kind: "compare", revision: null, targets, sides: questions.map(bodyOf), interval: "none" },
    }),
  );

/** An answer that was kept: the question to which it is, or the questions that it compares. */
export const getKept = async (answer: string, signal: AbortSignal): Promise<KeptAnswer> =>
  (await data(api.GET("/v1/answers/{answer}.json", { params: { path: { answer } }, signal }))) as unknown as KeptAnswer;

export interface KeptAnswer {
  readonly model: string;
  readonly revision: string;
  readonly asked?: BodySaid & { readonly sides?: readonly BodySaid[] };
}
