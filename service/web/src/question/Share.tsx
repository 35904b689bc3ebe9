import { CopyButton } from "../app/CopyButton";
import { BASE } from "../api/client";
import { condition, headlinesOf } from "../state/forecasts";
import { isAnswered, useModel } from "../state/model";
import { usePlace } from "../state/place";
import { useStore } from "../state/store";
import { apiPath, commandLine, curl, frame, python } from "./forms";
import { searchOf } from "./address";

/** The question in every form in which it can be asked elsewhere, each to be copied. */
export function Share() {
  const at = usePlace();
  const model = useModel();
  const { about } = useStore(condition);
  const first = headlinesOf(model).find(
    (each) => each.given.size === 0 && isAnswered(model, each.target, at.question.cohort),
  );
  const target = at.target ?? at.focus ?? first?.target;
  if (target === undefined) return null;
  const asked = { model: model.name, targets: [target], question: at.question };
  const forms: readonly (readonly [string, string])[] = [
    ["Link to this page", BASE + searchOf({ ...at, model: model.name })],
    ["Address of the answer", BASE + apiPath(asked)],
    ["curl", curl(asked, BASE)],
    ["Command line", commandLine(asked)],
    ["Python", python(asked)],
    ["Frame for another page", frame(asked, BASE)],
  ];
  return (
    <details className="share">
      <summary>Share or ask elsewhere</summary>
      {about && <p className="sentence">{about.sentence}</p>}
      {forms.map(([name, text]) => (
        <Copied key={name} name={name} text={text} />
      ))}
      <p>
        <button onClick={() => print()}>Print this view</button>
      </p>
    </details>
  );
}

function Copied({ name, text }: { name: string; text: string }) {
  return (
    <div className="copied">
      <span>{name}</span>
      <CopyButton name={name} text={text} />
      <pre tabIndex={0}>{text}</pre>
    </div>
  );
}
