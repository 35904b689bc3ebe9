/** Finding a variable by any word of its label, its name, or its states. */
import type { Variable } from "../state/model";

export interface Found {
  readonly variable: Variable;
  /** The state that the words name, where they name one rather than the variable. */
  readonly state: string | null;
}

const MOST = 12;

/**
 * Variables of which each word begins a word, labels before names before states; all that match exactly come first.
 * Where there are none a word is sought without the ending of its plural.
 */
export function search(variables: Iterable<Variable>, text: string): Found[] {
  const words = wordsOf(text);
  if (words.length === 0) return [];
  const all = [...variables];
  const found = matches(all, words);
  return found.length > 0 ? found : matches(all, words.map(singular));
}

function matches(variables: readonly Variable[], words: readonly string[]): Found[] {
  const found: { readonly of: Found; readonly rank: number }[] = [];
  for (const variable of variables) {
    const of = match(variable, words);
    if (of !== null) found.push(of);
  }
  return found
    .sort((a, b) => a.rank - b.rank)
    .slice(0, MOST)
    .map(({ of }) => of);
}

function match(variable: Variable, words: readonly string[]): { of: Found; rank: number } | null {
  const label = wordsOf(variable.label);
  if (holds(label, words)) return { of: { variable, state: null }, rank: label.length === words.length ? 0 : 1 };
  if (holds([...label, ...wordsOf(variable.name)], words)) return { of: { variable, state: null }, rank: 2 };
  for (const state of variable.states) {
    const said = wordsOf(`${variable.labels[state] ?? ""} ${state}`);
    if (holds([...label, ...said], words)) return { of: { variable, state }, rank: 3 };
  }
  return null;
}

function singular(word: string): string {
  return word.length < 5 ? word : word.replace(/ies$/, "y").replace(/e?s$/, "");
}

function holds(words: readonly string[], sought: readonly string[]): boolean {
  return sought.every((each) => words.some((word) => word.startsWith(each)));
}

function wordsOf(text: string): string[] {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
}
