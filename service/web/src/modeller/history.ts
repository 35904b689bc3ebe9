/** The forecast of a headline under each revision that was active, as steps over time. */

export interface Moment {
  readonly time: string;
  readonly series: string;
  readonly p: number;
  readonly lo: number | null;
  readonly hi: number | null;
  readonly revision: string;
  readonly left_interval: boolean | null;
}

export interface Series {
  readonly state: string;
  readonly moments: readonly Moment[];
}

/** Rows by state, in the order in which states come, moments by time. */
export function seriesOf(rows: readonly Moment[]): Series[] {
  const found = new Map<string, Moment[]>();
  for (const row of rows) found.set(row.series, [...(found.get(row.series) ?? []), row]);
  return [...found].map(([state, moments]) => ({
    state,
    moments: moments.sort((a, b) => a.time.localeCompare(b.time)),
  }));
}

/** The revisions in the order of their times, each with when it began. */
export function changesOf(rows: readonly Moment[]): { readonly time: string; readonly revision: string }[] {
  const found = new Map<string, string>();
  for (const row of rows) if (!found.has(row.time)) found.set(row.time, row.revision);
  return [...found].map(([time, revision]) => ({ time, revision })).sort((a, b) => a.time.localeCompare(b.time));
}

/** Heights of labels as near to those wanted as a gap between each two lets them, the order kept. */
export function apart(wanted: readonly number[], gap: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  const placed = [...wanted];
  for (let round = 0; round < wanted.length; round += 1) {
    for (let i = 1; i < order.length; i += 1) {
      const [above, below] = [order[i - 1] ?? 0, order[i] ?? 0];
      const lack = gap - ((placed[below] ?? 0) - (placed[above] ?? 0));
      if (lack <= 0) continue;
      placed[above] = (placed[above] ?? 0) - lack / 2;
      placed[below] = (placed[below] ?? 0) + lack / 2;
    }
  }
  return placed;
}
