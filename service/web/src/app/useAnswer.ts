/** An analysis worked out on demand: it says how long it takes, can be stopped, and keeps what it found. */
import { useCallback, useEffect, useRef, useState } from "react";
import { type Problem, Refused, Unreachable } from "../api/client";

export interface Answered<T> {
  readonly data: T | null;
  readonly problem: Problem | null;
  readonly unreachable: boolean;
  /** Whether it is worked on, and since when (ms of performance.now). */
  readonly since: number | null;
  readonly stopped: boolean;
  readonly stop: () => void;
  readonly again: () => void;
}

interface Found<T> {
  readonly key: string | null;
  readonly data: T | null;
  readonly problem: Problem | null;
  readonly unreachable: boolean;
  readonly stopped: boolean;
  readonly since: number | null;
}

const KEPT = 40;
const kept = new Map<string, unknown>();

/** The answer to what `key` names, by `ask`; nothing is asked where the key is null. */
export function useAnswer<T>(key: string | null, ask: (signal: AbortSignal) => Promise<T>): Answered<T> {
  const [found, setFound] = useState<Found<T>>(() => begun<T>(key));
  const [round, setRound] = useState(0);
  const controller = useRef<AbortController | null>(null);
  const asking = useRef(ask);
  asking.current = ask;

  useEffect(() => {
    if (key === null) return;
    if (kept.has(key)) {
      setFound(begun<T>(key));
      return;
    }
    const own = new AbortController();
    controller.current = own;
    setFound((last) => ({ ...last, key, problem: null, unreachable: false, stopped: false, since: performance.now() }));
    asking.current(own.signal).then(
      (data) => {
        keep(key, data);
        if (!own.signal.aborted) setFound(begun<T>(key));
      },
      (error: unknown) => {
        if (own.signal.aborted) return;
        const problem = error instanceof Refused ? error.problem : null;
        const unreachable = error instanceof Unreachable;
        if (problem === null && !unreachable) throw error;
        setFound({ key, data: null, problem, unreachable, stopped: false, since: null });
      },
    );
    return () => own.abort();
  }, [key, round]);

  const stop = useCallback(() => {
    controller.current?.abort();
    setFound((last) => ({ ...last, since: null, stopped: true }));
  }, []);
  const again = useCallback(() => setRound((last) => last + 1), []);
  const data = found.key === key || found.since !== null ? found.data : null;
  return { ...found, data, stop, again };
}

function begun<T>(key: string | null): Found<T> {
  const data = key !== null && kept.has(key) ? (kept.get(key) as T) : null;
  return { key, data, problem: null, unreachable: false, stopped: false, since: null };
}

function keep(key: string, data: unknown): void {
  kept.set(key, data);
  const [oldest] = kept.keys();
  if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
}
