import { scaleLinear, scalePoint } from "d3-scale";
import { area, curveStepAfter, line } from "d3-shape";
import { Charted } from "../charts/Charted";
import { DataTable } from "../charts/DataTable";
import { useWidth } from "../charts/useWidth";
import { percent, percentRange } from "../words/numbers";
import { type Moment, apart, changesOf, seriesOf } from "./history";

const HEIGHT = 220;
const EDGE = { left: 46, right: 190, top: 8, bottom: 26 };

/** Steps from revision to revision, a band for the interval; the last step runs to the edge, which is now. */
export function HistoryChart({
  rows,
  name,
  stateName,
}: {
  rows: readonly Moment[];
  name: string;
  stateName: (state: string) => string;
}) {
  const [element, width] = useWidth<HTMLDivElement>();
  const series = seriesOf(rows);
  const changes = changesOf(rows);
  const times = [...changes.map((each) => each.time), "now"];
  const x = scalePoint(times, [EDGE.left, Math.max(width - EDGE.right, EDGE.left + 40)]);
  const y = scaleLinear([0, 1], [HEIGHT - EDGE.bottom, EDGE.top]);
  const at = (time: string): number => x(time) ?? 0;
  const labels = apart(
    series.map(({ moments }) => y(moments.at(-1)?.p ?? 0) + 4),
    15,
  );
  const upToNow = (moments: readonly Moment[]): Moment[] =>
    moments.concat(moments.slice(-1).map((last) => ({ ...last, time: "now" })));
  const band = area<Moment>()
    .x((each) => at(each.time))
    .y0((each) => y(each.lo ?? each.p))
    .y1((each) => y(each.hi ?? each.p))
    .curve(curveStepAfter);
  const steps = line<Moment>()
    .x((each) => at(each.time))
    .y((each) => y(each.p))
    .curve(curveStepAfter);
  return (
    <div ref={element} className="history-chart">
      <Charted name={`${name}, revision by revision`}>
        {width > 0 && (
          <svg
            width={width}
            height={HEIGHT}
            role="img"
            aria-label={`${name}, revision by revision; the data are below`}
          >
            {[0, 0.25, 0.5, 0.75, 1].map((tick) => (
              <g key={tick}>
                <line className="grid" x1={EDGE.left} x2={width - EDGE.right} y1={y(tick)} y2={y(tick)} />
                <text className="axis" x={EDGE.left - 6} y={y(tick) + 4} textAnchor="end">
                  {100 * tick} %
                </text>
              </g>
            ))}
            {series.map(({ state, moments }, i) => (
              <g key={state}>
                <path className={`range-band hue-${i % 6} stroke-${i % 6}`} d={band(upToNow(moments)) ?? ""} />
                <path className={`step stroke-${i % 6}`} d={steps(upToNow(moments)) ?? ""} />
                <text className="flow-label" x={width - EDGE.right + 6} y={labels[i]}>
                  {stateName(state)}
                </text>
              </g>
            ))}
            {changes.map(({ time, revision }) => (
              <g key={time}>
                <line className="mark" x1={at(time)} x2={at(time)} y1={EDGE.top} y2={HEIGHT - EDGE.bottom} />
                <text
                  className="axis"
                  x={at(time)}
                  y={HEIGHT - 8}
                  textAnchor={changes.length > 1 && time === changes.at(-1)?.time ? "end" : "start"}
                >
                  {revision.slice(0, 10)}
                </text>
              </g>
            ))}
          </svg>
        )}
      </Charted>
      <DataTable
        caption={`${name}, revision by revision`}
        head={["Since", "Revision", "State", "Chance", "90 % interval", "Left the interval before"]}
        rows={rows.map((row) => [
          row.time.slice(0, 19).replace("T", " "),
          row.revision,
          stateName(row.series),
          percent(row.p),
          row.lo === null || row.hi === null ? "—" : percentRange(row.lo, row.hi),
          row.left_interval === null ? "—" : row.left_interval ? "yes" : "no",
        ])}
      />
    </div>
  );
}
