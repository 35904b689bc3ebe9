import { AnswerLinks } from "../app/AnswerLinks";
import { EventChoice, useEvent } from "../app/EventChoice";
import { Link } from "../app/Link";
import { Working } from "../app/Working";
import { useAnswer } from "../app/useAnswer";
import { BASE } from "../api/client";
import { type EventAsked, explanation } from "../api/resources";
import { briefPath } from "../question/forms";
import { questionKey } from "../state/forecasts";
import { useModel } from "../state/model";
import { usePlace } from "../state/place";
import { Rests } from "./Rests";
import { SeenAndDone } from "./SeenAndDone";
import { Trails } from "./Trails";
import { Weights } from "./Weights";
import { account } from "./account";
import { Conflict } from "./Conflict";

/** Why an event is as likely as it is, in words and pictures; or what the number rests on. */
export default function WhyView() {
  const { tab } = usePlace();
  const event = useEvent();
  return (
    <section aria-labelledby="why">
      <h1 id="why">Why?</h1>
      <ul className="tabs" aria-label="Ways of explaining">
        <li>
          <Link to={{ tab: null }} aria-current={tab === null ? "page" : undefined}>
            What moved it
          </Link>
        </li>
        <li>
          <Link to={{ tab: "rests" }} aria-current={tab === "rests" ? "page" : undefined}>
            What it rests on
          </Link>
        </li>
      </ul>
      {event && (
        <>
          <EventChoice event={event} />
          {tab === "rests" ? <Rests event={event} /> : <Moves event={event} />}
        </>
      )}
    </section>
  );
}

function Moves({ event }: { event: EventAsked }) {
  const model = useModel();
  const { question } = usePlace();
  const key = `explanation ${event.target}:${event.state} ${questionKey(model.name, question)} ${model.about.revision}`;
  const answer = useAnswer(key, (signal) => explanation(model.name, question, event, signal));
  return (
    <Working answer={answer} what="Weighing the findings">
      {(found) => (
        <>
          <div className="account">
            {account(model, found).map((sentence) => (
              <p key={sentence}>{sentence}</p>
            ))}
          </div>
          <Conflict found={found} />
          <Weights found={found} />
          <Trails found={found} />
          <SeenAndDone found={found} event={event} />
          <p className="links">
            <a href={BASE + briefPath(model.name, question, event)}>All of it as a brief</a>
            <AnswerLinks links={found.links} />
          </p>
        </>
      )}
    </Working>
  );
}
