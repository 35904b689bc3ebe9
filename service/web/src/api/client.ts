/** The API, typed from its own description. Every refusal is a `Refused` with the problem document as it came. */
import createClient from "openapi-fetch";
import { queryString } from "../question/address";
import type { components, paths } from "./schema";
import { credentials } from "./token";

export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"] & { readonly conflict?: readonly string[] };

/** The API refused: what it said, in its words. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

/** Nobody answered: the service is down, or this browser is offline. */
export class Unreachable extends Error {}

/** Where the page stands, with a slash at its end: addresses of the API are relative to it. */
export const BASE = typeof document === "undefined" ? "http://localhost/" : new URL(".", document.baseURI).href;

/** Every answer is asked for again by its ETag: one that the browser has may be of the revision before. */
export const api = createClient<paths>({
  baseUrl: BASE.replace(/\/$/, ""),
  cache: "no-cache",
  querySerializer: (query) => queryString(parametersOf(query as Readonly<Record<string, unknown>>)),
});

api.use({
  onRequest({ request }) {
    for (const [name, value] of Object.entries(credentials())) request.headers.set(name, value);
    return request;
  },
});

/** Parameters of an address: lists are repeated, what is null or undefined is left out. */
export function parametersOf(query: Readonly<Record<string, unknown>>): [string, string][] {
  return Object.entries(query).flatMap(([name, value]) => {
    const values = Array.isArray(value) ? value : [value];
    return values
      .filter((each) => each !== null && each !== undefined)
      .map((each): [string, string] => [name, String(each)]);
  });
}

/** The data of an answer. Throws Refused, Unreachable, or the abort that was asked for. */
export async function data<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let found: { data?: T; error?: unknown; response: Response };
  try {
    found = await answer;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Unreachable("The service does not answer.");
  }
  if (found.data !== undefined) return found.data;
  throw new Refused(problemOf(found.error, found.response.status));
}

function problemOf(error: unknown, status: number): Problem {
  if (typeof error === "object" && error !== null && "detail" in error) return error as Problem;
  const detail = `The service answered ${status} and said no more.`;
  return {
    type: "",
    title: "Refused",
    status,
    code: "unknown",
    detail,
    pointer: null,
    allowed: [],
    did_you_mean: null,
    errors: [],
  };
}
