import { type FormEvent, useState } from "react";
import { giveToken } from "../api/token";
import { refresh } from "./start";

/** Asked where the service answers that it needs a token. */
export function TokenForm() {
  const [text, setText] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    giveToken(text.trim());
    void refresh();
  };
  return (
    <form className="event" onSubmit={submit}>
      <label>
        Token{" "}
        <input type="password" autoComplete="off" value={text} onChange={(event) => setText(event.target.value)} />
      </label>
      <button disabled={text.trim() === ""}>Use it in this tab</button>
    </form>
  );
}
