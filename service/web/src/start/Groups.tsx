import { useMemo } from "react";
import { Charted } from "../charts/Charted";
import { DataTable } from "../charts/DataTable";
import { useWidth } from "../charts/useWidth";
import { Link } from "../app/Link";
import { groupLabel, useModel } from "../state/model";
import { groupsOf, linksOf } from "./groups";

const NARROW = 560;
const BOX = 46;

/** The parts that the model is made of, and how much runs from each to which. */
export function Groups() {
  const model = useModel();
  const [element, width] = useWidth<HTMLDivElement>();
  const groups = useMemo(() => groupsOf(model), [model]);
  const links = useMemo(() => linksOf(model, groups), [model, groups]);
  if (groups.length < 2) return null;
  const reach = Math.max(...links.map((link) => Math.abs(link.to - link.from)), 1);
  const step = width / groups.length;
  const arch = Math.min(110, step * reach * 0.3);
  const furthest = (those: typeof links): number =>
    Math.max(0, ...those.map((link) => (arch * 0.75 * Math.abs(link.to - link.from)) / reach)) + 6;
  const middle = furthest(links.filter((link) => link.to > link.from));
  const below = furthest(links.filter((link) => link.to < link.from));
  const most = Math.max(...links.map((link) => link.arcs), 1);
  const x = (i: number): number => step * (i + 0.5);
  return (
    <section aria-labelledby="groups">
      <h2 id="groups">What the model is made of</h2>
      <p className="small">
        Each box is a group of variables.
        {width >= NARROW && " Lines above run from left to right, lines below back; the thicker, the more arcs."}
      </p>
      <Charted name="What the model is made of">
        <div ref={element} className="groups">
          {width >= NARROW && (
            <svg width={width} height={middle + BOX + below} aria-hidden="true">
              {links.map(({ from, to, arcs }) => {
                const isBack = to < from;
                const edge = isBack ? middle + BOX : middle;
                const high = (arch * Math.abs(to - from)) / reach;
                const spread = 0.16 * step * Math.sign(to - from);
                const [a, b] = [x(from) + spread, x(to) - spread];
                return (
                  <path
                    key={`${from} ${to}`}
                    className={isBack ? "group-link back" : "group-link"}
                    strokeWidth={1 + (7 * arcs) / most}
                    d={`M${a},${edge} C${a},${isBack ? edge + high : edge - high} ${b},${isBack ? edge + high : edge - high} ${b},${edge}`}
                  />
                );
              })}
            </svg>
          )}
          <ul
            className={width >= NARROW ? "group-row" : "group-list"}
            style={width >= NARROW ? { top: middle } : undefined}
          >
            {groups.map((group) => (
              <li key={group.name}>
                <Link className="group-box" to={{ view: "network", focus: null, tab: `group:${group.name}` }}>
                  <span>{groupLabel(group.name)}</span>
                  <small>{group.variables.length} variables</small>
                </Link>
              </li>
            ))}
          </ul>
        </div>
      </Charted>
      <DataTable
        caption="Arcs between groups"
        head={["From", "To", "Arcs"]}
        rows={links.map(({ from, to, arcs }) => [
          groupLabel(groups[from]?.name ?? ""),
          groupLabel(groups[to]?.name ?? ""),
          arcs,
        ])}
      />
    </section>
  );
}
