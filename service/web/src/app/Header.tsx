import { EMPTY } from "../question/question";
import { VIEWS, type View } from "../question/address";
import { go, usePlace } from "../state/place";
import { model as modelStore, models } from "../state/model";
import { useStore } from "../state/store";
import { Link } from "./Link";
import { THEMES, type Theme, choose, theme } from "./theme";

export const VIEW_NAMES: Readonly<Record<View, string>> = {
  overview: "Overview",
  network: "Network",
  why: "Why",
  next: "What next",
  compare: "Compare",
  variables: "Variables",
};

export function Header() {
  const { view } = usePlace();
  return (
    <header className="page-header">
      <Link className="brand" to={{ view: "overview" }}>
        Aftermath
      </Link>
      <ModelChoice />
      <nav aria-label="Views">
        <ul>
          {VIEWS.map((each) => (
            <li key={each}>
              <Link to={{ view: each, tab: null }} aria-current={each === view ? "page" : undefined}>
                {VIEW_NAMES[each]}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <ThemeChoice />
    </header>
  );
}

function ModelChoice() {
  const listed = useStore(models);
  const current = useStore(modelStore);
  const change = (name: string): void =>
    go({ model: name, question: EMPTY, focus: null, target: null, state: null, sides: [], tab: null });
  return (
    <label className="choice">
      <span className="visually-hidden">Model</span>
      <select value={current?.name ?? ""} onChange={(event) => change(event.target.value)}>
        {(listed ?? []).map((each) => (
          <option key={each.name} value={each.name} disabled={!each.ready}>
            {each.ready ? each.title : `${each.name} (not ready)`}
          </option>
        ))}
      </select>
    </label>
  );
}

function ThemeChoice() {
  const chosen = useStore(theme);
  return (
    <label className="choice theme">
      <span className="visually-hidden">Colours</span>
      <select value={chosen} onChange={(event) => choose(event.target.value as Theme)}>
        {THEMES.map((each) => (
          <option key={each} value={each}>
            {each === "system" ? "System theme" : each === "light" ? "Light theme" : "Dark theme"}
          </option>
        ))}
      </select>
    </label>
  );
}
