import type { Schemas } from "../api/client";

/** Why the files of a model are not served as they are: they are wrong, or wait until somebody says why they move so far. */
export function ModelNotice({ model }: { model: Schemas["ModelState"] }) {
  const name = <code>{model.name}</code>;
  return (
    <details className="note">
      <summary>
        {model.held ? (
          <>An edit of {name} moves a headline so far that it waits for a reason; the revision before is served</>
        ) : model.ready ? (
          <>The files of {name} cannot be loaded as they are; the revision before is served</>
        ) : (
          <>The model {name} cannot be loaded</>
        )}
      </summary>
      <ul>
        {model.reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
    </details>
  );
}
