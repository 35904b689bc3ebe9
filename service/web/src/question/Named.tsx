import { type FormEvent, useEffect, useState } from "react";
import { ProblemNote } from "../app/ProblemNote";
import { type Problem, Refused, type Schemas, Unreachable } from "../api/client";
import { getQuestions, nameQuestion } from "../api/resources";
import { useModel } from "../state/model";
import { ask, usePlace } from "../state/place";
import { questionOf, queryString, questionParameters } from "./address";
import { nameFor } from "./named";

type Kept = Schemas["QuestionJSON"];

/** Questions that people keep under a name, for everybody who asks this service: listed once this is opened. */
export function NamedQuestions() {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="named" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Named questions</summary>
      {isOpen && <Listed />}
    </details>
  );
}

function Listed() {
  const model = useModel();
  const { question } = usePlace();
  const [kept, setKept] = useState<readonly Kept[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [label, setLabel] = useState("");
  const [round, setRound] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    getQuestions(model.name, controller.signal).then(
      (found) => setKept(found.questions),
      (error: unknown) => refused(error, controller.signal, setProblem),
    );
    return () => controller.abort();
  }, [model.name, round]);
  const change = async (name: string, text: string | null, called: string, version: number | null): Promise<void> => {
    try {
      await nameQuestion(model.name, name, { question: text, label: called }, version);
      setProblem(null);
    } catch (error) {
      refused(error, null, setProblem);
    }
    setRound(round + 1);
  };
  const name = nameFor(label);
  const there = kept?.find((each) => each.name === name);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void change(name, queryString(questionParameters(question)), label.trim(), there?.seq ?? null);
    setLabel("");
  };
  return (
    <>
      {kept?.length === 0 && <p className="hint">None yet. A name is seen by everybody who asks this service.</p>}
      <ul aria-label="Named questions">
        {kept?.map((each) => (
          <li key={each.name}>
            <button className="open" onClick={() => ask(asked(each, model.about.default_scenario))}>
              {each.label || each.name}
            </button>
            <small>
              {each.author && ` ${each.author}, `} {each.at.slice(0, 10)}
            </small>
            <button
              className="icon"
              aria-label={`Take away the name ${each.label || each.name}`}
              onClick={() => void change(each.name, null, "", each.seq)}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      <form onSubmit={submit}>
        <label>
          Name the question as it stands
          <input value={label} maxLength={200} onChange={(event) => setLabel(event.target.value)} />
        </label>
        <button disabled={name === "" || kept === null}>{there ? "Replace it" : "Keep it"}</button>
      </form>
      {problem && <ProblemNote problem={problem} />}
    </>
  );
}

function asked(kept: Kept, usual: string | null) {
  const found = questionOf(new URLSearchParams(kept.question ?? ""));
  return { ...found, scenario: found.scenario === usual ? null : found.scenario };
}

function refused(error: unknown, signal: AbortSignal | null, tell: (problem: Problem) => void): void {
  if (signal?.aborted || error instanceof Unreachable) return;
  if (!(error instanceof Refused)) throw error;
  tell(error.problem);
}
