import { useModel } from "../state/model";
import { Examples } from "./Examples";
import { Groups } from "./Groups";
import { Headlines } from "./Headlines";
import { Pathways } from "./Pathways";

/** Where a reader begins: what the model forecasts, with what is said; the flow of pathways; questions to ask. */
export function Overview() {
  const { about } = useModel();
  return (
    <>
      <div className="intro">
        <h1>{about.title}</h1>
        <p className="small">
          As things stood on {about.as_of}. {about.horizon}.
        </p>
        <details>
          <summary>About this model</summary>
          <p>{about.description}</p>
          <p className="small">
            {about.size.variables} variables, {about.size.arcs} arcs, {about.size.parameters.toLocaleString("en")}{" "}
            numbers. Revision <code>{about.revision}</code>.
          </p>
        </details>
      </div>
      <Headlines />
      <Pathways />
      <Examples />
      <Groups />
    </>
  );
}
