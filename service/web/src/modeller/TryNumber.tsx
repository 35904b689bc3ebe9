import { type FormEvent, useId, useState } from "react";
import { CopyButton } from "../app/CopyButton";
import { Working } from "../app/Working";
import { useAnswer } from "../app/useAnswer";
import { getFile, validate } from "../api/resources";
import { type Model, useModel } from "../state/model";
import { usePlace } from "../state/place";
import { Shifts } from "./Shifts";
import { type Excerpt, edited, excerptOf, unified } from "./patch";

interface Written {
  readonly file: string;
  readonly line: number;
}

/** Other numbers in a statement: what they would do to the headlines, and the patch that would make it so. */
export function TryNumber({ at }: { at: Written }) {
  const model = useModel();
  const file = at.file.split("/").at(-1) ?? at.file;
  const { revision } = model.about;
  const answer = useAnswer(`file ${model.name} ${revision} ${file}`, (signal) =>
    getFile(model.name, revision, file, signal),
  );
  return (
    <div className="try">
      <Working answer={answer} what="Fetching the file">
        {(text) => <Lines key={text} text={text} file={file} excerpt={excerptOf(text, at.line)} path={at.file} />}
      </Working>
    </div>
  );
}

function Lines({ text, file, excerpt, path }: { text: string; file: string; excerpt: Excerpt; path: string }) {
  const was = excerpt.lines.join("\n");
  const [typed, setTyped] = useState(was);
  const [tried, setTried] = useState<string | null>(null);
  const id = useId();
  const patch = unified(path, text, edited(text, excerpt, typed));
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(edited(text, excerpt, typed));
  };
  const last = excerpt.first + typed.split("\n").length - 1;
  return (
    <form onSubmit={submit}>
      <label htmlFor={id}>
        Lines {excerpt.first} to {last} of <code>{path}</code>: write other numbers
      </label>
      <div className="lines">
        <ol aria-hidden="true">
          {typed.split("\n").map((_, i) => (
            <li key={i}>{excerpt.first + i}</li>
          ))}
        </ol>
        <textarea
          id={id}
          rows={typed.split("\n").length}
          wrap="off"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </div>
      <p className="tools">
        <button disabled={patch === ""}>See what it would do</button>
        <CopyButton name="a patch" text={patch} isDisabled={patch === ""} label="Copy as a patch" />
        <button type="button" disabled={patch === ""} onClick={() => setTyped(was)}>
          Put it back
        </button>
        <small>Nothing is saved: the patch is for whoever keeps the files.</small>
      </p>
      {patch !== "" && <pre tabIndex={0}>{patch}</pre>}
      {tried !== null && <Effect key={tried} file={file} text={tried} />}
    </form>
  );
}

/** The pictures under which an edit is looked at: that of the question. */
function pictureOf(model: Model, asked: string | null): readonly string[] {
  return [asked ?? model.about.default_scenario ?? "none"];
}

/** Problems with their lines, else the shifts of the headlines: points first, intervals after. */
function Effect({ file, text }: { file: string; text: string }) {
  const model = useModel();
  const { question } = usePlace();
  const scenarios = pictureOf(model, question.scenario);
  const tried = { files: { [file]: text }, against: model.about.revision, scenarios };
  const key = `try ${model.name} ${model.about.revision} ${scenarios.join()} ${file} ${text}`;
  const points = useAnswer(`${key} points`, (signal) => validate(model.name, { ...tried, interval: "none" }, signal));
  const isValid = points.data?.valid === true;
  const sure = useAnswer(isValid ? `${key} intervals` : null, (signal) =>
    validate(model.name, { ...tried, interval: 0.9 }, signal),
  );
  return (
    <div className="effect" aria-live="polite" aria-busy={isValid && sure.since !== null}>
      <Working answer={points} what="Working out what it would do">
        {(found) =>
          found.diff === null ? (
            <div className="note wrong" role="alert">
              <p>It cannot be read so:</p>
              <ul>
                {found.problems.map((each) => (
                  <li key={`${each.file}:${each.line}:${each.column} ${each.found}`}>
                    <code>
                      {each.file}:{each.line}:{each.column}
                    </code>{" "}
                    {each.where}: {each.found}, not {each.expected}
                    {each.did_you_mean !== null && (
                      <>
                        . Did you mean <q>{each.did_you_mean}</q>?
                      </>
                    )}
                    <pre>{text.split("\n")[each.line - 1]?.trim()}</pre>
                  </li>
                ))}
              </ul>
            </div>
          ) : (
            <Shifts shifts={(sure.data?.diff ?? found.diff).shifts} />
          )
        }
      </Working>
    </div>
  );
}
