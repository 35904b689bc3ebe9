/** Where the blocks and ribbons of a flow stand: three columns whose heights are chances. */
import { area, curveBumpX } from "d3-shape";

export interface Part {
  readonly key: string;
  readonly label: string;
  readonly p: number;
  readonly open: () => void;
}

export interface FlowBranch extends Part {
  readonly parts: readonly Part[];
}

export interface Block {
  readonly key: string;
  readonly label: string;
  readonly p: number;
  readonly open: (() => void) | null;
  readonly x: number;
  readonly top: number;
  readonly height: number;
  /** The middle of its label, moved where it would lie over another. */
  readonly labelAt: number;
  /** Which pathway it belongs to, by position; the root has none. */
  readonly hue: number | null;
}

export interface Ribbon {
  readonly key: string;
  readonly path: string;
  readonly hue: number;
  readonly label: string;
}

export interface FlowLayout {
  readonly blocks: readonly Block[];
  readonly ribbons: readonly Ribbon[];
  readonly height: number;
}

export const BLOCK = 14;
const GAP = 14;
const LINE = 30;
const FULL = 300;

/** Blocks and ribbons of a flow of this width; labels stand right of their blocks, a line apart at least. */
export function flowLayout(root: string, branches: readonly FlowBranch[], width: number): FlowLayout {
  const columns = [0, Math.round(width * 0.3), Math.round(width * 0.68)] as const;
  const first = stacked(branches);
  const ends = branches.flatMap((branch, hue) => ending(branch).map((part) => ({ part, hue, of: branch.key })));
  const second = stacked(ends.map(({ part }) => part));
  const height = Math.max(bottom(first), bottom(second), FULL);
  const rootTop = (height - FULL) / 2;
  const blocks: Block[] = [
    {
      key: "root",
      label: root,
      p: 1,
      open: null,
      x: columns[0],
      top: rootTop,
      height: FULL,
      labelAt: rootTop + FULL / 2,
      hue: null,
    },
  ];
  const ribbons: Ribbon[] = [];
  const shift = (height - bottom(first)) / 2;
  const shiftEnds = (height - bottom(second)) / 2;
  let from = rootTop;
  branches.forEach((branch, hue) => {
    const spot = first[hue] as Spot;
    const top = spot.top + shift;
    blocks.push({ ...branch, x: columns[1], top, height: spot.height, labelAt: spot.labelAt + shift, hue });
    ribbons.push({
      key: branch.key,
      hue,
      label: branch.label,
      path: ribbon(columns[0] + BLOCK, from, columns[1], top, FULL * branch.p),
    });
    from += FULL * branch.p;
    let inside = top;
    ends.forEach((end, i) => {
      if (end.of !== branch.key || branch.parts.length === 0) return;
      const spot = second[i] as Spot;
      const endTop = spot.top + shiftEnds;
      blocks.push({
        ...end.part,
        key: `${branch.key}/${end.part.key}`,
        x: columns[2],
        top: endTop,
        height: spot.height,
        labelAt: spot.labelAt + shiftEnds,
        hue,
      });
      ribbons.push({
        key: `${branch.key}/${end.part.key}`,
        hue,
        label: end.part.label,
        path: ribbon(columns[1] + BLOCK, inside, columns[2], endTop, FULL * end.part.p),
      });
      inside += FULL * end.part.p;
    });
  });
  return { blocks, ribbons, height };
}

/** A pathway of which nothing more is known takes its place among the ends, so that those below do not move up. */
function ending(branch: FlowBranch): readonly Part[] {
  return branch.parts.length > 0 ? branch.parts : [branch];
}

interface Spot {
  readonly top: number;
  readonly height: number;
  readonly labelAt: number;
}

function stacked(parts: readonly Part[]): Spot[] {
  let top = 0;
  return parts.map((part) => {
    const height = Math.max(1.5, FULL * part.p);
    const room = Math.max(height, LINE);
    const spot = { top: top + (room - height) / 2, height, labelAt: top + room / 2 };
    top += room + GAP / 2;
    return spot;
  });
}

function bottom(spots: readonly Spot[]): number {
  const last = spots.at(-1);
  return last ? Math.max(last.top + last.height, last.labelAt + LINE / 2) : 0;
}

function ribbon(x0: number, y0: number, x1: number, y1: number, height: number): string {
  const thick = Math.max(1, height);
  const draw = area<readonly [number, number]>()
    .x((point) => point[0])
    .y0((point) => point[1])
    .y1((point) => point[1] + thick)
    .curve(curveBumpX);
  return (
    draw([
      [x0, y0],
      [x1, y1],
    ]) ?? ""
  );
}
