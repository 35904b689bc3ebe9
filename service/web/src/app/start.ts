/** What keeps the page true: the model is loaded, the question is followed, keys undo and redo. */
import { Refused, type Problem, Unreachable } from "../api/client";
import { condition, follow, forecasts } from "../state/forecasts";
import { flagship, loadModel, loadModels, model } from "../state/model";
import { getKept } from "../api/resources";
import { placeOfKept } from "../question/kept";
import { followHistory, place, redo, replace, undo } from "../state/place";
import { createStore } from "../state/store";

export interface Loading {
  readonly phase: "loading" | "ready" | "unknown" | "unreachable" | "nothing";
  readonly problem: Problem | null;
}

/** The answer that a short link named when the page was opened, and the revision that gave it. */
export const opened = createStore<{
  readonly answer: string;
  readonly model: string;
  readonly revision: string;
} | null>(null);
export const loading = createStore<Loading>({ phase: "loading", problem: null });

const RETRY = 5000;
/** Milliseconds between looks at what is served, while the page is seen: a revision may become active meanwhile. */
const LOOK = 20_000;
let controller = new AbortController();
let asked: string | null = null;
let answeredBy: string | null = null;

/** Start once; from then on the page follows the address. */
export function start(): void {
  followHistory();
  place.subscribe(() => void arrived());
  addEventListener("keydown", onKey);
  addEventListener("online", () => void refresh());
  addEventListener("focus", () => void lookAgain());
  setInterval(() => document.visibilityState === "visible" && void lookAgain(), LOOK);
  condition.subscribe(onRevision);
  void arrived();
}

/** Another revision answers: what was wrong with the files may be mended. */
function onRevision(): void {
  const revision = condition.get().about?.revision ?? null;
  if (revision === null || revision === answeredBy) return;
  if (answeredBy !== null) void lookAgain();
  answeredBy = revision;
}

/** Another revision, or what is wrong with the files of models, may have come meanwhile. */
async function lookAgain(): Promise<void> {
  if (loading.get().phase !== "ready") return;
  await loadModels(controller.signal).catch(() => undefined);
}

/** Load what is shown again: after an edit of the model, or when the service is back. */
export async function refresh(): Promise<void> {
  asked = null;
  await arrived();
}

async function arrived(): Promise<void> {
  const { question, answer } = place.get();
  try {
    if (answer !== null) return await openKept(answer);
    const name = place.get().model ?? asked ?? flagship(await loadModels(controller.signal));
    if (name === null) {
      loading.set({ phase: "nothing", problem: null });
      return;
    }
    if (name !== asked) {
      asked = name;
      await changeModel(name);
    }
    const current = model.get();
    if (current?.name === name) follow(current, question);
  } catch (error) {
    refusal(error);
  }
}

/** Ask what a kept answer is to: the address then has the question itself. */
async function openKept(answer: string): Promise<void> {
  const kept = await getKept(answer, controller.signal);
  opened.set({ answer, model: kept.model, revision: kept.revision });
  replace(placeOfKept(kept));
}

async function changeModel(name: string): Promise<void> {
  controller.abort();
  controller = new AbortController();
  if (model.get()?.name !== name) loading.set({ phase: "loading", problem: null });
  forecasts.clear();
  condition.set({ phase: "none", problem: null, about: null });
  const [found] = await Promise.all([loadModel(name, controller.signal), loadModels(controller.signal)]);
  model.set(found);
  document.title = `${found.about.title} · Aftermath`;
  loading.set({ phase: "ready", problem: null });
}

function refusal(error: unknown): void {
  if (error instanceof DOMException && error.name === "AbortError") return;
  asked = null;
  if (error instanceof Refused) loading.set({ phase: "unknown", problem: error.problem });
  else if (error instanceof Unreachable) {
    loading.set({ phase: "unreachable", problem: null });
    setTimeout(() => void refresh(), RETRY);
  } else throw error;
}

function onKey(event: KeyboardEvent): void {
  const inText = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
  if (inText || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
  event.preventDefault();
  if (event.shiftKey) redo();
  else undo();
}
