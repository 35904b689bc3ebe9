import { useSyncExternalStore } from "react";

const NARROW = "(max-width: 980px)";

/** Whether the page is so narrow that question, answer and variable stand below each other. */
export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => matchMedia(NARROW).matches);
}

function subscribe(listener: () => void): () => void {
  const query = matchMedia(NARROW);
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}
