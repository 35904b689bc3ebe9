/** What the marks on bars mean: the ends of ranges, and the tick, which stands where a number was `tickName`. */
export function BarKey({ tickName, hasRanges = true }: { tickName: string | null; hasRanges?: boolean }) {
  return (
    <p className="small key">
      {hasRanges && (
        <>
          <svg width="22" height="14" aria-hidden="true">
            <rect className="track-whisker" x="1" y="6" width="20" height="2" />
            <rect className="track-end" x="1" y="3" width="1.5" height="8" />
            <rect className="track-end" x="19.5" y="3" width="1.5" height="8" />
          </svg>{" "}
          holds 90&nbsp;% of what the priors leave open
        </>
      )}
      {hasRanges && tickName !== null && "; "}
      {tickName !== null && (
        <>
          <svg width="6" height="14" aria-hidden="true">
            <rect className="track-tick" x="2" width="2.5" height="14" />
          </svg>{" "}
          where it stood {tickName}
        </>
      )}
      .
    </p>
  );
}
