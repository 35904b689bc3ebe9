import { type ReactNode, useEffect, useState } from "react";
import type { Answered } from "./useAnswer";
import { ProblemNote } from "./ProblemNote";

const PATIENCE = 1000;

/** What an analysis says while it works, when it is refused, stopped or cannot be reached; else what it found. */
export function Working<T>({
  answer,
  what,
  children,
}: {
  answer: Answered<T>;
  what: string;
  children: (data: T) => ReactNode;
}) {
  return (
    <div className="working" aria-busy={answer.since !== null}>
      {answer.since !== null && <Progress key={answer.since} since={answer.since} what={what} stop={answer.stop} />}
      {answer.problem && <ProblemNote problem={answer.problem} />}
      {answer.unreachable && (
        <p className="note warn" role="alert">
          The service does not answer. <button onClick={answer.again}>Ask again</button>
        </p>
      )}
      {answer.stopped && (
        <p className="note">
          Stopped. <button onClick={answer.again}>Work it out</button>
        </p>
      )}
      {answer.data !== null && (
        <div className={answer.since !== null ? "stale" : undefined}>{children(answer.data)}</div>
      )}
    </div>
  );
}

/** Shown once a second has passed: quick answers should not flicker. */
function Progress({ since, what, stop }: { since: number; what: string; stop: () => void }) {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 200);
    return () => clearInterval(timer);
  }, []);
  const passed = now - since;
  if (passed < PATIENCE) return null;
  return (
    <p className="note progress" role="status">
      <progress aria-label={what} /> {what}: {(passed / 1000).toFixed(0)} s <button onClick={stop}>Stop</button>
    </p>
  );
}
