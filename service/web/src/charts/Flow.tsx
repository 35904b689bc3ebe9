import { percent } from "../words/numbers";
import { BLOCK, type FlowBranch, flowLayout } from "./flow-layout";
import { Charted } from "./Charted";
import { useWidth } from "./useWidth";

const NARROW = 560;

/** A flow from one block to its pathways and to what follows each; on a narrow page a list of bars. */
export function Flow({ root, branches, label }: { root: string; branches: readonly FlowBranch[]; label: string }) {
  const [element, width] = useWidth<HTMLDivElement>();
  return (
    <Charted name={label}>
      <div ref={element} className="flow">
        {width > 0 &&
          (width < NARROW ? (
            <Listed branches={branches} />
          ) : (
            <Drawn root={root} branches={branches} label={label} width={width} />
          ))}
      </div>
    </Charted>
  );
}

function Drawn({
  root,
  branches,
  label,
  width,
}: {
  root: string;
  branches: readonly FlowBranch[];
  label: string;
  width: number;
}) {
  const { blocks, ribbons, height } = flowLayout(root, branches, width);
  return (
    <svg width={width} height={height} role="group" aria-label={label}>
      {ribbons.map((each) => (
        <path key={each.key} d={each.path} className={`ribbon hue-${each.hue % 6}`} />
      ))}
      {blocks.map((each) => {
        const text = (
          <>
            <rect
              x={each.x}
              y={each.top}
              width={BLOCK}
              height={each.height}
              className={each.hue === null ? "block" : `block hue-${each.hue % 6}`}
            />
            <text x={each.x + BLOCK + 7} y={each.labelAt - 3} className="flow-label">
              {each.label}
            </text>
            <text x={each.x + BLOCK + 7} y={each.labelAt + 12} className="flow-number">
              {each.hue === null ? "100\u00a0%" : percent(each.p)}
            </text>
          </>
        );
        const { open } = each;
        if (open === null) return <g key={each.key}>{text}</g>;
        return (
          <g
            key={each.key}
            role="button"
            tabIndex={0}
            className="flow-block"
            onClick={open}
            onKeyDown={(event) => (event.key === "Enter" || event.key === " ") && open()}
          >
            <rect className="flow-hit" x={each.x - 2} y={each.labelAt - 16} width={170} height={34} />
            {text}
          </g>
        );
      })}
    </svg>
  );
}

function Listed({ branches }: { branches: readonly FlowBranch[] }) {
  return (
    <ul className="flow-list">
      {branches.map((branch, hue) => (
        <li key={branch.key}>
          <Row label={branch.label} p={branch.p} hue={hue} open={branch.open} />
          {branch.parts.length > 0 && (
            <ul>
              {branch.parts.map((part) => (
                <li key={part.key}>
                  <Row label={part.label} p={part.p} hue={hue} open={part.open} />
                </li>
              ))}
            </ul>
          )}
        </li>
      ))}
    </ul>
  );
}

function Row({ label, p, hue, open }: { label: string; p: number; hue: number; open: () => void }) {
  return (
    <button className="open flow-row" onClick={open}>
      <span>{label}</span>
      <span className="number">{percent(p)}</span>
      <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
        <rect width={Math.max(0.5, 100 * p)} height="4" className={`block hue-${hue % 6}`} />
      </svg>
    </button>
  );
}
