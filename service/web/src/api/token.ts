/** The token that the service asks for where it has tokens: kept for this tab, sent as a header, never in an address. */
import { createStore } from "../state/store";

const KEY = "aftermath-token";

export const token = createStore<string | null>(stored());

export function giveToken(secret: string): void {
  token.set(secret);
  try {
    sessionStorage.setItem(KEY, secret);
  } catch {
    // A browser that keeps nothing asks again after a reload.
  }
}

/** The headers that say who asks. */
export function credentials(): Record<string, string> {
  const secret = token.get();
  return secret === null ? {} : { Authorization: `Bearer ${secret}` };
}

function stored(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}
