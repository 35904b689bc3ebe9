/** Light, dark, or as the system has it; kept in this browser. */
import { createStore } from "../state/store";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];
const KEY = "aftermath-theme";

export const theme = createStore<Theme>("system");

/** What was chosen before, applied before anything is painted. */
export function startTheme(): void {
  choose(THEMES.find((each) => each === stored()) ?? "system");
}

export function choose(next: Theme): void {
  theme.set(next);
  if (next === "system") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.dataset["theme"] = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // A browser that keeps nothing still shows it.
  }
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
