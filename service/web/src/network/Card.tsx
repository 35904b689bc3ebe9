import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { type KeyboardEvent, memo } from "react";
import { StateBars } from "../charts/StateBars";
import { againstOf, barsOf, pendingBars, tickName } from "../charts/rows";
import { verbOf } from "../question/phrases";
import { condition } from "../state/forecasts";
import { isAnswered, useModel } from "../state/model";
import { ask, go, place } from "../state/place";
import { useStore } from "../state/store";
import { chosenState, clicked } from "../variable/saying";
import { useWanted } from "../variable/useWanted";
import { usePlace } from "../state/place";

export type CardNode = Node<
  { readonly isMiddle: boolean; readonly onArrow: (name: string, key: string) => void },
  "card"
>;

/** A variable in the network: its states with bars, each a button that observes it. */
export const Card = memo(function Card({ id, data }: NodeProps<CardNode>) {
  return (
    <>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <CardBody id={id} isMiddle={data.isMiddle} onArrow={data.onArrow} />
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </>
  );
});

/** What stands on a card. */
export function CardBody({
  id,
  isMiddle,
  onArrow,
}: {
  id: string;
  isMiddle: boolean;
  onArrow: (name: string, key: string) => void;
}) {
  const model = useModel();
  const { question } = usePlace();
  const variable = model.variables.get(id);
  const forecast = useWanted(id);
  const { about } = useStore(condition);
  if (!variable) return null;
  const said = question.do.get(id) ?? question.given.get(id);
  const isDone = question.do.has(id);
  const isAbout = isAnswered(model, id, question.cohort);
  const implied = about?.status.implied[id];
  const mark = said ? verbOf(said, isDone) : inPicture(about, id) ? "in the picture" : implied ? "implied" : null;
  const onKey = (event: KeyboardEvent): void => {
    if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
    onArrow(id, event.key);
  };
  const kind = isDone ? "done" : said ? "given" : "";
  return (
    <div className={`card role-${variable.role} ${kind} ${isMiddle ? "middle" : ""}`}>
      <div className="card-head">
        <button className="open nodrag" data-card={id} onKeyDown={onKey} onClick={() => go({ focus: id })}>
          {variable.label}
        </button>
        <span className="card-mark">
          {mark && <span className="verb">{mark}</span>} <small>{variable.role}</small>
        </span>
      </div>
      {isAbout ? (
        <StateBars
          isCompact
          isPending={forecast === undefined}
          name={variable.label}
          bars={forecast ? barsOf(forecast.rows, variable, said) : pendingBars(variable)}
          tickName={tickName(againstOf(forecast?.rows ?? []), model)}
          chosen={chosenState(question, id)}
          choose={(state) => ask(clicked(place.get().question, id, state, variable.states, isDone ? "set" : "observe"))}
        />
      ) : (
        <p className="small">Not answered for one cohort.</p>
      )}
    </div>
  );
}

/** Whether the scenario or the cohort says something of it. */
function inPicture(about: { readonly given: object; readonly do: object } | null, name: string): boolean {
  return about !== null && (name in about.given || name in about.do);
}
