import { CopyButton } from "../app/CopyButton";
import { useState } from "react";
import { ProblemNote } from "../app/ProblemNote";
import { BASE, type Problem, Refused } from "../api/client";
import { keepAnswer, keepComparison } from "../api/resources";
import { condition, headlinesOf } from "../state/forecasts";
import { isAnswered, useModel } from "../state/model";
import { usePlace } from "../state/place";
import { useStore } from "../state/store";
import { apiPath, commandLine, curl, fits, frame, python } from "./forms";
import { askedSide, comparable } from "../compare/sides";
import { NOWHERE, addressOf, searchOf } from "./address";

const LONG = 2000;

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
    ["Link to this page", BASE + addressOf({ ...at, model: model.name })],
    ...(fits(asked, BASE) ? [["Address of the answer", BASE + apiPath(asked)] as const] : []),
    ["curl", curl(asked, BASE)],
    ["Command line", commandLine(asked)],
    ["Python", python(asked)],
    ["Frame for another page", frame(asked, BASE)],
  ];
  return (
    <details className="share">
      <summary>Share or ask elsewhere</summary>
      {about && <p className="sentence">{about.sentence}</p>}
      <p className="small">Below it is asked of “{model.variables.get(target)?.label ?? target}” alone.</p>
      {forms.map(([name, text]) => (
        <Copied key={name} name={name} text={text} />
      ))}
      <ShortLink
        key={`${target} ${searchOf(at)}`}
        target={target}
        length={BASE.length + searchOf({ ...at, model: model.name }).length}
      />
      <p>
        <button onClick={() => print()}>Print this view</button>
      </p>
    </details>
  );
}

/** The question under a short link: its answer is kept, and the link asks it again. */
function ShortLink({ target, length }: { target: string; length: number }) {
  const at = usePlace();
  const model = useModel();
  const [kept, setKept] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const keep = async (): Promise<void> => {
    try {
      const isCompared = at.view === "compare" && at.sides.length > 1;
      const sides = at.sides.map((side) => askedSide(model, side));
      const made = isCompared
        ? await keepComparison(model.name, sides, comparable(model, at.sides))
        : await keepAnswer(model.name, at.question, target);
      setKept(made.id);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setProblem(error.problem);
    }
  };
  if (kept !== null) {
    const short = searchOf({ ...NOWHERE, view: at.view, tab: at.tab, focus: at.focus, answer: kept });
    return (
      <>
        <Copied name="Short link to this page" text={BASE + short} />
        <Copied name="This answer, kept as it is" text={`${BASE}v1/answers/${kept}.json`} />
      </>
    );
  }
  return (
    <>
      {length > LONG && (
        <p className="note warn">
          The link to this page has {length.toLocaleString("en")} characters, which mail and chat may cut.
        </p>
      )}
      <p>
        <button onClick={() => void keep()}>Make a short link</button>{" "}
        <small>The answer is kept with it, as it is now.</small>
      </p>
      {problem && <ProblemNote problem={problem} />}
    </>
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
