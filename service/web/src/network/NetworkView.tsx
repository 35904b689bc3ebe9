import { Suspense, lazy } from "react";
import { Link } from "../app/Link";
import { Groups } from "../start/Groups";
import { groupsOf } from "../start/groups";
import { groupLabel, labelOf, useModel } from "../state/model";
import { go, usePlace } from "../state/place";
import { Roles } from "./Roles";
import { VariableTable } from "./VariableTable";

const NeighbourhoodView = lazy(() => import("./NeighbourhoodView"));
const AllView = lazy(() => import("./AllView"));
const GROUP = "group:";

/** The network: groups first, then the neighbourhood of one variable; all of it as chips or as a table. */
export default function NetworkView() {
  const { tab, focus, via } = usePlace();
  const model = useModel();
  const group = tab?.startsWith(GROUP) ? tab.slice(GROUP.length) : null;
  const isNear = (tab === null || tab === "details") && focus !== null && model.variables.has(focus);
  return (
    <section aria-labelledby="network">
      <h1 id="network">
        {isNear
          ? via.length > 1
            ? `From “${labelOf(model, via[0] ?? "")}” to “${labelOf(model, via.at(-1) ?? "")}”`
            : `Around “${labelOf(model, focus)}”`
          : group !== null
            ? groupLabel(group)
            : "The network"}
      </h1>
      <ul className="tabs" aria-label="Ways of looking">
        <li>
          <Link
            to={{ tab: "groups" }}
            aria-current={tab === "groups" || (tab === null && !isNear) || group !== null ? "page" : undefined}
          >
            Groups
          </Link>
        </li>
        {focus !== null && (
          <li>
            <Link to={{ tab: null, via: [] }} aria-current={isNear ? "page" : undefined}>
              Around one variable
            </Link>
          </li>
        )}
        <li>
          <Link to={{ tab: "all" }} aria-current={tab === "all" ? "page" : undefined}>
            All variables
          </Link>
        </li>
        <li>
          <Link to={{ tab: "table" }} aria-current={tab === "table" || tab === "moved" ? "page" : undefined}>
            Table
          </Link>
        </li>
      </ul>
      <Suspense fallback={<p className="hint">Loading the network…</p>}>
        {isNear ? (
          <NeighbourhoodView focus={focus} />
        ) : tab === "all" ? (
          <AllView />
        ) : tab === "table" || tab === "moved" || group !== null ? (
          <VariableTable group={group} />
        ) : (
          <GroupLists />
        )}
      </Suspense>
    </section>
  );
}

function GroupLists() {
  const model = useModel();
  return (
    <>
      <Groups />
      <Roles />
      <div className="group-lists">
        {groupsOf(model).map((group) => (
          <section key={group.name} aria-labelledby={`group-${group.name}`}>
            <h2 id={`group-${group.name}`}>{groupLabel(group.name)}</h2>
            <ul className="chips">
              {group.variables.map((name) => (
                <li key={name}>
                  <button
                    className={`chip role-${model.variables.get(name)?.role ?? ""}`}
                    onClick={() => go({ focus: name, tab: null })}
                  >
                    {labelOf(model, name)}
                  </button>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </>
  );
}
