/** Where the reader is: kept in the address, so that reload, back and forward, and a shared link all work. */
import { NOWHERE, type Place, addressOf, moved, placeOf, searchIn, searchOf } from "../question/address";
import type { Question } from "../question/question";
import { createStore, useStore } from "./store";

export const place = createStore<Place>(typeof location === "undefined" ? NOWHERE : placeOf(searchIn(location)));

/** Questions before and after this one, for undo and redo. */
interface Steps {
  readonly past: readonly Question[];
  readonly future: readonly Question[];
}

export const steps = createStore<Steps>({ past: [], future: [] });

/** Follow the browser's back and forward buttons: a question that they change can be undone like any other. */
export function followHistory(): void {
  addEventListener("popstate", () => {
    const [last, next] = [place.get(), placeOf(searchIn(location))];
    if (last.model !== next.model) steps.set({ past: [], future: [] });
    else if (!isSameQuestion(last.question, next.question)) {
      steps.set({ past: [...steps.get().past, last.question], future: [] });
    }
    place.set(next);
  });
}

/** Go somewhere; the browser remembers where the reader was. */
export function go(change: Partial<Place>): void {
  write(moved(place.get(), change));
}

/** Ask another question, from the same place or another. */
export function ask(question: Question, elsewhere: Partial<Place> = {}): void {
  const { past } = steps.get();
  steps.set({ past: [...past, place.get().question], future: [] });
  go({ ...elsewhere, question });
}

export function undo(): void {
  const { past, future } = steps.get();
  const last = past.at(-1);
  if (last === undefined) return;
  steps.set({ past: past.slice(0, -1), future: [place.get().question, ...future] });
  go({ question: last });
}

export function redo(): void {
  const { past, future } = steps.get();
  const [next] = future;
  if (next === undefined) return;
  steps.set({ past: [...past, place.get().question], future: future.slice(1) });
  go({ question: next });
}

/** Go back to a question of the history, by its position in the past. */
export function returnTo(index: number): void {
  const { past } = steps.get();
  const chosen = past[index];
  if (chosen === undefined) return;
  steps.set({ past: past.slice(0, index), future: [] });
  go({ question: chosen });
}

function isSameQuestion(one: Question, other: Question): boolean {
  const [here, there] = [one, other].map((each) => searchOf({ ...NOWHERE, question: each }));
  return here === there;
}

export function usePlace(): Place {
  return useStore(place);
}

/** The address of a place, relative to the page. */
export function href(change: Partial<Place>): string {
  return addressOf(moved(place.get(), change)) || "?";
}

/** Be somewhere else in the place of where the reader is: back does not lead here again. */
export function replace(change: Partial<Place>): void {
  const next = moved(place.get(), change);
  history.replaceState(null, "", `${location.pathname}${addressOf(next)}`);
  place.set(next);
}

function write(next: Place): void {
  const address = `${location.pathname}${addressOf(next)}`;
  if (address !== location.pathname + location.search + location.hash) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  place.set(next);
}
