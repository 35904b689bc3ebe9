import { perhapsNothing, points, pointsRange } from "../words/numbers";
import type { Change } from "./rows";

/** A difference in points with its interval; said in words where it may be nothing. */
export function Moved({ by }: { by: Change | null }) {
  if (by === null) return <span className="moved none">no answer without it</span>;
  if (Math.abs(by.change) < 0.0005) return <span className="moved none">no change</span>;
  const hasRange = by.low !== null && by.high !== null;
  const direction = by.change > 0 ? "up" : "down";
  return (
    <span className={`moved ${direction}`}>
      <span aria-hidden="true">{by.change > 0 ? "▲" : "▼"}</span> {points(by.change)}
      <span className="moved-range">{hasRange ? <Ends low={by.low as number} high={by.high as number} /> : " "}</span>
    </span>
  );
}

/** The ends of an interval stay in one line; that it may be nothing goes into the next where it must. */
function Ends({ low, high }: { low: number; high: number }) {
  const isPerhapsNothing = perhapsNothing(low, high);
  return (
    <>
      {" "}
      <span className="ends">
        ({pointsRange(low, high)}
        {isPerhapsNothing ? "," : ")"}
      </span>
      {isPerhapsNothing && <> perhaps nothing)</>}
    </>
  );
}
