/** Prior statements, which name variables and states as files do, by the labels that people read. */
import { type Model, labelOf, stateLabel } from "../state/model";

const BLOCK = /\{([^{}]*)\}/g;
const PAIR = /([\w.-]+): (\[[^\]]*\]|[^,]+)/g;
const WORD = /[A-Za-z_][\w.-]*\w|[A-Za-z_]/g;

/** A statement of a variable with labels for names: states in braces are of the variable named before them. */
export function statementInWords(model: Model, subject: string, what: string): string {
  let last = 0;
  let text = "";
  for (const block of what.matchAll(BLOCK)) {
    text += plain(model, subject, what.slice(last, block.index)) + conditions(model, block[1] ?? "");
    last = (block.index ?? 0) + block[0].length;
  }
  return text + plain(model, subject, what.slice(last));
}

function conditions(model: Model, inside: string): string {
  const found = [...inside.matchAll(PAIR)].map(([, name = "", said = ""]) => {
    const states = said.replace(/^\[|\]$/g, "").split(/\s*,\s*/);
    const labels = states.map((state) => stateLabel(model.variables.get(name), state.trim()));
    return `“${labelOf(model, name)}” is ${labels.join(" or ")}`;
  });
  return found.length > 0 ? found.join(" and ") : `{${inside}}`;
}

/** Outside braces a state is of the variable that the text named last, else of the one that it is said of. */
function plain(model: Model, subject: string, text: string): string {
  let named = subject;
  return text.replace(WORD, (word) => {
    if (model.variables.has(word)) {
      named = word;
      return `“${labelOf(model, word)}”`;
    }
    for (const name of [named, subject]) {
      const variable = model.variables.get(name);
      if (variable?.states.includes(word)) return stateLabel(variable, word);
    }
    return word;
  });
}
