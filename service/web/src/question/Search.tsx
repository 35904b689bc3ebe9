import { type KeyboardEvent, useId, useMemo, useState } from "react";
import { go } from "../state/place";
import { groupLabel, stateLabel, useModel } from "../state/model";
import { type Found, search } from "./search";

/** Find a variable by any word; Enter or a click opens it. */
export function Search() {
  const model = useModel();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const found = useMemo(() => search(model.variables.values(), text), [model, text]);
  const open = (chosen: Found | undefined): void => {
    if (!chosen) return;
    setText("");
    setAt(0);
    go({ focus: chosen.variable.name });
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else if (event.key === "Enter") open(found[at]);
    else if (event.key === "Escape") setText("");
    else return;
    event.preventDefault();
  };
  const isOpen = text.trim() !== "";
  return (
    <div className="search" role="search">
      <label htmlFor={id}>Find a variable</label>
      <input
        id={id}
        type="search"
        role="combobox"
        aria-expanded={isOpen}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={isOpen && found[at] ? `${id}-${at}` : undefined}
        placeholder="any word of its label"
        autoComplete="off"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKey}
      />
      <ul id={`${id}-list`} role="listbox" aria-label="Variables found" hidden={!isOpen || found.length === 0}>
        {found.map((each, i) => (
          <li
            key={each.variable.name}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === at}
            onClick={() => open(each)}
          >
            {each.variable.label}
            <small>
              {each.state === null
                ? groupLabel(each.variable.group)
                : `state: ${stateLabel(each.variable, each.state)}`}
            </small>
          </li>
        ))}
      </ul>
      {isOpen && found.length === 0 && <p className="hint">No variable has these words.</p>}
    </div>
  );
}
