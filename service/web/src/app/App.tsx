import { type ComponentType, type MouseEvent, Suspense, lazy, useEffect } from "react";
import type { View } from "../question/address";
import { QuestionPanel } from "../question/QuestionPanel";
import { Overview } from "../start/Overview";
import { model as modelStore } from "../state/model";
import { usePlace } from "../state/place";
import { useStore } from "../state/store";
import { VariablePanel } from "../variable/VariablePanel";
import { Announcer } from "./Announcer";
import { Header, VIEW_NAMES } from "./Header";
import { Notices } from "./Notices";
import { ProblemNote } from "./ProblemNote";
import { loading } from "./start";

const PAGES: Readonly<Record<View, ComponentType>> = {
  overview: Overview,
  network: lazy(() => import("../network/NetworkView")),
  why: lazy(() => import("../why/WhyView")),
  next: lazy(() => import("../next/NextView")),
  compare: lazy(() => import("../compare/CompareView")),
  variables: lazy(() => import("../modeller/VariablesView")),
};

/** The frame of the page: what is asked, what is looked at, and one variable where one is open. */
export function App() {
  const { view, focus, tab, model: named } = usePlace();
  const model = useStore(modelStore);
  const { phase } = useStore(loading);
  useEffect(() => {
    if (model)
      document.title = `${view === "overview" ? "" : `${VIEW_NAMES[view]} · `}${model.about.title} · Aftermath`;
  }, [view, model]);
  const isReady = model !== null && (named === null || named === model.name);
  const hasPanel = focus !== null && !(view === "variables" || (view === "network" && tab === null));
  const Page = PAGES[view];
  return (
    <>
      <a className="skip" href="#content" onClick={skip}>
        Skip to the content
      </a>
      <Header />
      {isReady && phase === "ready" ? (
        <div className={hasPanel ? "frame with-panel" : "frame"} key={model.name + model.about.revision}>
          <QuestionPanel />
          <main id="content" tabIndex={-1}>
            <Notices />
            <Suspense fallback={<p className="hint">Loading…</p>}>
              <Page />
            </Suspense>
          </main>
          {hasPanel && <VariablePanel key={focus} name={focus} />}
          <Announcer />
        </div>
      ) : (
        <Waiting />
      )}
    </>
  );
}

/** The address says where the reader is, also by its fragment, so that the jump leaves it as it is. */
function skip(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

function Waiting() {
  const { phase, problem } = useStore(loading);
  return (
    <main id="content" tabIndex={-1} className="waiting">
      <h1 className="visually-hidden">Aftermath</h1>
      {phase === "loading" && <p className="hint">Loading the model…</p>}
      {phase === "unknown" && problem && <ProblemNote problem={problem} />}
      {phase === "unreachable" && (
        <p className="note warn">The service does not answer; the page asks again every five seconds.</p>
      )}
      {phase === "nothing" && (
        <p className="note">
          No model can be answered from. <a href="plain">The plain page</a> says what is wrong with each.
        </p>
      )}
    </main>
  );
}
