import { EventChoice, useEvent } from "../app/EventChoice";
import { Link } from "../app/Link";
import { usePlace } from "../state/place";
import { CollectionPlan } from "./CollectionPlan";
import { Goals } from "./Goals";
import { Policies } from "./Policies";

const TABS = [
  [null, "What to find out"],
  ["policies", "What each lever does"],
  ["goals", "What it would take"],
] as const;

/** What to do next about an event: what to find out, which levers move it, what would bring it over or under a limit. */
export default function NextView() {
  const { tab } = usePlace();
  const event = useEvent();
  return (
    <section aria-labelledby="next">
      <h1 id="next">What next?</h1>
      <ul className="tabs" aria-label="Kinds of next steps">
        {TABS.map(([key, name]) => (
          <li key={name}>
            <Link to={{ tab: key }} aria-current={tab === key ? "page" : undefined}>
              {name}
            </Link>
          </li>
        ))}
      </ul>
      {event && (
        <>
          <EventChoice event={event} />
          {tab === "policies" ? (
            <Policies event={event} />
          ) : tab === "goals" ? (
            <Goals event={event} />
          ) : (
            <CollectionPlan event={event} />
          )}
        </>
      )}
    </section>
  );
}
