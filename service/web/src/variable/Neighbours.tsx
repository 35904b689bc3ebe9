import { go } from "../state/place";
import { labelOf, useModel } from "../state/model";

const SIGNS = {
  raises: "+ raises it",
  lowers: "− lowers it",
  mixed: "± either way",
  none: "does nothing to it",
  unordered: "shifts it",
} as const;

/** What acts on a variable and what it acts on, strongest first, with the sign of each arc. */
export function Neighbours({ name }: { name: string }) {
  const model = useModel();
  const strongest = (a: { strength: number }, b: { strength: number }): number => b.strength - a.strength;
  const causes = model.arcs.filter((arc) => arc.to === name).sort(strongest);
  const effects = model.arcs.filter((arc) => arc.from === name).sort(strongest);
  return (
    <div className="neighbours">
      {causes.length > 0 && <h3>What acts on it</h3>}
      <ul>
        {causes.map((arc) => (
          <Neighbour key={arc.from} name={arc.from} sign={SIGNS[arc.sign]} strength={arc.strength} />
        ))}
      </ul>
      {effects.length > 0 && <h3>What it acts on</h3>}
      <ul>
        {effects.map((arc) => (
          <Neighbour key={arc.to} name={arc.to} sign={SIGNS[arc.sign]} strength={arc.strength} />
        ))}
      </ul>
    </div>
  );
}

function Neighbour({ name, sign, strength }: { name: string; sign: string; strength: number }) {
  const model = useModel();
  return (
    <li>
      <button className="open" onClick={() => go({ focus: name })}>
        {labelOf(model, name)}
      </button>
      <small>
        {sign}, by up to {(100 * strength).toFixed(0)} points
      </small>
    </li>
  );
}
