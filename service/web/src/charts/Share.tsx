import { percent } from "../words/numbers";

/** A share of the variance as a bar on a scale from 0 to 100 %, and its number. */
export function Share({ of }: { of: number }) {
  return (
    <span className="share">
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label={`${percent(of)} of the variance`}>
        <rect className="track-ground" width="100" height="8" />
        <rect className="track-bar" width={100 * Math.max(0, of)} height="8" />
      </svg>
      {percent(of)}
    </span>
  );
}
